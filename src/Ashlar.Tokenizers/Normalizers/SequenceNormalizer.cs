using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Several normalizers, one after the other.</summary>
/// <param name="parts">The steps.</param>
public sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    /// <summary>The steps.</summary>
    public IReadOnlyList<Normalizer> Parts => parts;

    /// <inheritdoc/>
    public override string Normalize(string text) => parts.Aggregate(text, (now, part) => part.Normalize(now));

    internal override JsonObject Write() => new()
    {
        ["type"] = "Sequence",
        ["normalizers"] = new JsonArray([.. parts.Select(part => part.Write())]),
    };
}
