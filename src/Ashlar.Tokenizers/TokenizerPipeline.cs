using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PostProcessors;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers;

/// <summary>The parts of a tokenizer, as Hugging Face's <c>tokenizer.json</c> names them.</summary>
public sealed record TokenizerPipeline
{
    /// <summary>Turns pre-tokens into ids.</summary>
    public required TokenModel Model { get; init; }

    /// <summary>Changes the text first; null leaves it as it is.</summary>
    public Normalizer? Normalizer { get; init; }

    /// <summary>Cuts the text; null makes it one pre-token.</summary>
    public PreTokenizer? PreTokenizer { get; init; }

    /// <summary>Puts special tokens around the ids; null puts none.</summary>
    public PostProcessor? PostProcessor { get; init; }

    /// <summary>Turns tokens back into text.</summary>
    public required TokenDecoder Decoder { get; init; }

    /// <summary>Tokens outside the model.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>Tokens with a role.</summary>
    public SpecialTokens SpecialTokens { get; init; } = new();

    /// <summary>Jinja chat template, if there is one.</summary>
    public string? ChatTemplate { get; init; }
}
