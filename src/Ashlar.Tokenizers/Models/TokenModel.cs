namespace Ashlar.Tokenizers.Models;

/// <summary>Turns one pre-token into token ids, and an id back into bytes.</summary>
public abstract class TokenModel
{
    /// <summary>Number of ids the model itself knows; added tokens may lie beyond.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Appends the ids of one pre-token.</summary>
    internal abstract void Encode(ReadOnlySpan<char> word, TokenBuffer ids);

    /// <summary>Appends the ids of bytes that are not UTF-8.</summary>
    /// <exception cref="InvalidDataException">The model has no tokens for raw bytes.</exception>
    internal abstract void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids);

    /// <summary>The model as <c>tokenizer.json</c> writes it.</summary>
    internal abstract System.Text.Json.Nodes.JsonObject Write();

    /// <summary>
    /// Whether the model keeps any byte: bytes that are not UTF-8 then come to <see cref="Encode"/> as
    /// <see cref="Unicode.SurrogateEscape"/> writes them.
    /// </summary>
    internal virtual bool ReadsEscapedBytes => false;

    /// <summary>Where a pre-token may be cut with no change of the ids; null when nowhere.</summary>
    internal virtual PreTokenizers.Scanners.TextScanner? Scanner => null;

    /// <summary>Ids that the model itself finds in the text whole, and that files list among the added tokens.</summary>
    internal virtual IReadOnlyList<int> UserDefined => [];

    /// <summary>The bytes a token stands for; empty for an id the model does not have.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int id);

    /// <summary>The token as <c>tokenizer.json</c> spells it, or null.</summary>
    public abstract string? Token(int id);

    /// <summary>The id of a token as <c>tokenizer.json</c> spells it, or null.</summary>
    public abstract int? Id(string token);
}
