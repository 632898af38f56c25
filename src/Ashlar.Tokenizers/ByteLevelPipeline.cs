using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers;

/// <summary>The usual tokenizer around a byte-level BPE: one expression that cuts, no normalizer, bytes out again.</summary>
internal static class ByteLevelPipeline
{
    public static Tokenizer Build(BytePairModel model, string pattern, IReadOnlyList<AddedToken> added) => new(new TokenizerPipeline
    {
        Model = model,
        PreTokenizer = PreTokenizer(pattern),
        Decoder = new IdentityDecoder("ByteLevel"),
        AddedTokens = added,
        SpecialTokens = new SpecialTokens(EndOfText: added.FirstOrDefault(token => token.Content == "<|endoftext|>")?.Id),
    });

    /// <summary>GPT-2's expression is part of ByteLevel itself; any other is a Split before it.</summary>
    public static PreTokenizer PreTokenizer(params string[] patterns) => patterns is [Gpt2Scanner.Expression]
        ? new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: true)
        : new SequencePreTokenizer(
            [.. patterns.Select(pattern => new SplitPreTokenizer(pattern)), new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: false)]);
}
