using Ashlar.Cli.Commands;

namespace Ashlar.Cli.Tests;

public sealed class StatusLineTests
{
    [Fact]
    public void On_a_terminal_one_line_renews_itself_and_goes_away()
    {
        StringWriter error = new() { NewLine = "\n" };
        using (StatusLine status = new(error, renew: true))
        {
            status.Show(() => "1 of 3", now: true);
            status.Show(() => "too soon");
            status.Show(() => "2 of 3", now: true);
            status.Line("line 2 is bad");
            status.Show(() => "3 of 3", now: true);
        }

        Assert.Equal("\r1 of 3\u001b[K\r2 of 3\u001b[K\nline 2 is bad\n\r3 of 3\u001b[K\r\u001b[K", error.ToString());
    }

    [Fact]
    public void Elsewhere_a_line_comes_only_when_it_is_time()
    {
        StringWriter error = new() { NewLine = "\n" };
        using (StatusLine status = new(error, renew: false))
        {
            status.Show(() => "too soon");
            status.Show(() => "1 of 2", now: true);
            status.Line("done");
        }

        Assert.Equal("1 of 2\ndone\n", error.ToString());
    }
}
