using System.Diagnostics;

namespace Ashlar.Cli.Commands;

/// <summary>How far some work is, on the error stream: one line that renews itself on a terminal, a line every ten seconds elsewhere.</summary>
/// <param name="error">The error stream.</param>
/// <param name="renew">Whether it is a terminal.</param>
internal sealed class StatusLine(TextWriter error, bool renew) : IDisposable
{
    private readonly Stopwatch _shown = Stopwatch.StartNew();
    private bool _open;

    /// <summary>Shows a text if the last one is old enough.</summary>
    /// <param name="text">Makes the text; not asked if it is not time.</param>
    /// <param name="now">Show it in any case.</param>
    public void Show(Func<string> text, bool now = false)
    {
        if (!now && _shown.Elapsed < (renew ? TimeSpan.FromSeconds(0.2) : TimeSpan.FromSeconds(10)))
            return;
        _shown.Restart();
        if (renew)
            error.Write($"\r{text()}\u001b[K");
        else
            error.WriteLine(text());
        _open = renew;
    }

    /// <summary>Writes a line of its own that stays.</summary>
    public void Line(string text)
    {
        if (_open)
            error.WriteLine();
        _open = false;
        error.WriteLine(text);
    }

    /// <summary>Takes the renewed line away.</summary>
    public void Clear()
    {
        if (_open)
            error.Write("\r\u001b[K");
        _open = false;
    }

    /// <summary>Takes the renewed line away, so that what is said next begins a line.</summary>
    public void Dispose() => Clear();
}
