using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Changes text before it is cut: composed forms, lower case, replacements.</summary>
public abstract class Normalizer
{
    /// <summary>The normalized text; the same instance when nothing changes.</summary>
    public abstract string Normalize(string text);

    /// <summary>This part as <c>tokenizer.json</c> writes it.</summary>
    internal abstract JsonObject Write();
}
