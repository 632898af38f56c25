using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Several pre-tokenizers, each cutting the pieces of the one before.</summary>
public sealed class SequencePreTokenizer : PreTokenizer
{
    /// <summary>Puts pre-tokenizers in order.</summary>
    /// <param name="parts">The steps.</param>
    public SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts)
    {
        Parts = parts;
        // One step that cuts and steps that do nothing (ByteLevel without its expression) are as good as the one step.
        PreTokenizer[] cutting = [.. parts.Where(part => part.Scanner is not WholeTextScanner)];
        Scanner = cutting.Length switch { 0 => new WholeTextScanner(), 1 => cutting[0].Scanner, _ => null };
    }

    /// <summary>The steps.</summary>
    public IReadOnlyList<PreTokenizer> Parts { get; }

    internal override TextScanner? Scanner { get; }

    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        List<string> now = [text];
        foreach (PreTokenizer part in Parts)
        {
            List<string> next = new(now.Count * 2);
            bool first = atStart;
            foreach (string piece in now)
            {
                part.Cut(piece, first, next);
                first = false;
            }

            now = next;
        }

        pieces.AddRange(now);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray([.. Parts.Select(part => part.Write())]),
    };
}
