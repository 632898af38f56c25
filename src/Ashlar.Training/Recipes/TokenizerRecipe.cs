using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>The tokenizer of a run.</summary>
public sealed record TokenizerRecipe
{
    /// <summary>Which model to train, or <c>file</c> to load one.</summary>
    public TokenizerKind Kind { get; init; } = TokenizerKind.ByteLevelBpe;

    /// <summary>Tokens to train, special ones included; ignored by <c>character</c> and <c>file</c>.</summary>
    public int VocabularySize { get; init; } = 4096;

    /// <summary>With <c>word-level</c>: words that occur less often are left out.</summary>
    public int MinimumCount { get; init; } = 1;

    /// <summary>With <c>file</c>: a tokenizer.json, a folder that holds one, a .tiktoken or .model file.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// With <c>word-level</c>: further files whose words are in the vocabulary, such as validation and test text where a published
    /// figure counts every word. Words that are never trained stay improbable.
    /// </summary>
    public IReadOnlyList<string> AlsoWordsOf { get; init; } = [];

    /// <summary>Special tokens beyond <c>&lt;|endoftext|&gt;</c>, for instance <c>&lt;|im_start|&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>Whether text is lower-cased first; null does so with <c>word-piece</c> only. No other kind but <c>word-level</c> can.</summary>
    public bool? Lowercase { get; init; }
}

/// <summary>Kinds of tokenizer a run can train or load.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TokenizerKind>))]
public enum TokenizerKind
{
    /// <summary>One token a Unicode character of the training text.</summary>
    [JsonStringEnumMemberName("character")] Character,

    /// <summary>Byte-level byte-pair encoding, as GPT-2's.</summary>
    [JsonStringEnumMemberName("byte-level-bpe")] ByteLevelBpe,

    /// <summary>One token a word between white space; rare words are <c>&lt;unk&gt;</c>.</summary>
    [JsonStringEnumMemberName("word-level")] WordLevel,

    /// <summary>WordPiece, as BERT's: pieces of words, lower-cased unless <see cref="TokenizerRecipe.Lowercase"/> is false.</summary>
    [JsonStringEnumMemberName("word-piece")] WordPiece,

    /// <summary>A unigram language model of pieces with byte fallback, as SentencePiece's.</summary>
    [JsonStringEnumMemberName("unigram")] Unigram,

    /// <summary>Load from <c>tokenizer.path</c>.</summary>
    [JsonStringEnumMemberName("file")] File,
}
