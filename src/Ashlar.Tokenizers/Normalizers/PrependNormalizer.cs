using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Puts a string before a text that is not empty (Llama's <c>▁</c>).</summary>
/// <param name="prefix">The string.</param>
public sealed class PrependNormalizer(string prefix) : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;

    internal override JsonObject Write() => new() { ["type"] = "Prepend", ["prepend"] = prefix };
}
