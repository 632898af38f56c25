using System.Text;

namespace Ashlar.Inference.Decoding;

/// <summary>
/// Cuts streamed text before the first stop string. Text that could be the beginning of one is held back until it is
/// known, so that no part of a stop string is ever shown.
/// </summary>
public sealed class StopStringFilter
{
    private readonly string[] _stops;
    private readonly StringBuilder _held = new();

    /// <summary>Looks for these strings; empty ones are refused.</summary>
    public StopStringFilter(IEnumerable<string> stopStrings)
    {
        _stops = [.. stopStrings];
        if (_stops.Contains(""))
            throw new ArgumentException("A stop string is empty.", nameof(stopStrings));
    }

    /// <summary>The stop string that was found.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes more text and returns what can be shown; nothing once a stop string was found.</summary>
    public string Append(string text)
    {
        if (Found is not null)
            return "";
        if (_stops.Length == 0)
            return text;
        string held = _held.Append(text).ToString();
        int end = held.Length;
        foreach (string stop in _stops)
        {
            int at = held.IndexOf(stop, StringComparison.Ordinal);
            // Of two at the same place the longer, so that the answer does not depend on the order they were given in.
            if (at >= 0 && (at < end || (at == end && Found is not null && stop.Length > Found.Length)))
                (end, Found) = (at, stop);
        }

        if (Found is null)
            end -= _stops.Max(stop => HeldBack(held, stop));
        _held.Clear();
        if (Found is null)
            _held.Append(held, end, held.Length - end);
        return held[..end];
    }

    /// <summary>What was held back, when no more text will come.</summary>
    public string Flush()
    {
        string rest = _held.ToString();
        _held.Clear();
        return rest;
    }

    // Length of the longest end of the text that is a beginning of the stop string.
    private static int HeldBack(string text, string stop)
    {
        for (int length = Math.Min(stop.Length - 1, text.Length); length > 0; length--)
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                return length;
        return 0;
    }
}
