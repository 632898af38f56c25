using Ashlar.Inference.Decoding;
using CsCheck;

namespace Ashlar.Inference.Tests.Decoding;

public sealed class StopStringFilterTests
{
    [Fact]
    public void What_could_begin_a_stop_string_waits()
    {
        StopStringFilter filter = new(["</s>"]);
        Assert.Equal("a", filter.Append("a<"));
        Assert.Equal("", filter.Append("/"));
        Assert.Equal("</x", filter.Append("x"));
        Assert.Equal("", filter.Append("</s"));
        Assert.Equal("", filter.Append(">tail"));
        Assert.Equal("</s>", filter.Found);
        Assert.Equal("", filter.Append("more") + filter.Flush());
    }

    [Fact]
    public void What_waited_comes_out_at_the_end()
    {
        StopStringFilter filter = new(["abc"]);
        Assert.Equal("x", filter.Append("xab"));
        Assert.Equal("ab", filter.Flush());
        Assert.Null(filter.Found);
    }

    // However the text is cut, what is shown is the text up to the first stop string.
    [Fact]
    public void Cuts_do_not_matter() =>
        Gen.Select(Gen.String[Gen.Char['a', 'c'], 0, 30], Gen.String[Gen.Char['a', 'c'], 1, 4].Array[1, 3], Gen.Int[1, 5]).Sample((text, stops, step) =>
        {
            StopStringFilter filter = new(stops);
            string shown = "";
            for (int at = 0; at < text.Length; at += step)
            {
                string piece = filter.Append(text.Substring(at, Math.Min(step, text.Length - at)));
                shown += piece;
                // Nothing of a stop string that is only complete later may have been shown.
                Assert.DoesNotContain(stops, stop => shown.Contains(stop));
            }

            shown += filter.Flush();
            // The first stop string to be complete ends the text; it is never shown.
            int complete = Enumerable.Range(0, text.Length + 1).FirstOrDefault(end => stops.Any(stop => text[..end].EndsWith(stop)), -1);
            Assert.Equal(complete >= 0, filter.Found is not null);
            if (complete < 0)
                Assert.Equal(text, shown);
            else
                Assert.StartsWith(shown + filter.Found, text);
        });

    [Fact]
    public void An_empty_stop_string_is_refused() => Assert.Throws<ArgumentException>(() => new StopStringFilter([""]));
}
