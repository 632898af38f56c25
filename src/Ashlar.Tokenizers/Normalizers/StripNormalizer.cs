using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Takes white space from the ends.</summary>
/// <param name="left">At the start.</param>
/// <param name="right">At the end.</param>
public sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text) => (left, right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };

    internal override JsonObject Write() => new() { ["type"] = "Strip", ["strip_left"] = left, ["strip_right"] = right };
}
