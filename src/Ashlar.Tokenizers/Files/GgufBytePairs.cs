using Ashlar.Shared.Gguf;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PostProcessors;

namespace Ashlar.Tokenizers.Files;

/// <summary>A byte-level BPE in a GGUF file (<c>tokenizer.ggml.model</c> is gpt2).</summary>
internal static class GgufBytePairs
{
    private const int Control = 3;
    private const int UserDefined = 4;

    public static Tokenizer Read(GgufHeader header)
    {
        string[] tokens = header.RequireArray<string>("tokenizer.ggml.tokens");
        int[] types = header.FindIntegers("tokenizer.ggml.token_type") ?? new int[tokens.Length];
        if (types.Length != tokens.Length)
            throw new InvalidDataException($"tokenizer.ggml.token_type has {types.Length} entries; expected {tokens.Length}, one a token.");
        string? pre = header.FindString("tokenizer.ggml.pre");
        SpecialTokens special = GgufTokenizer.SpecialTokens(header, tokens.Length);
        AddedToken[] added =
        [
            .. Enumerable.Range(0, tokens.Length)
                .Where(id => types[id] is Control or UserDefined && tokens[id].Length > 0)
                .Select(id => new AddedToken(id, tokens[id], types[id] == Control) { Normalized = false }),
        ];
        BytePairModel model = new(tokens, ReadMerges(header, tokens), GgufPreTokenizers.IgnoresMerges(pre), added.Select(token => token.Id).ToHashSet());
        return new Tokenizer(new TokenizerPipeline
        {
            Model = model,
            PreTokenizer = ByteLevelPipeline.PreTokenizer(GgufPreTokenizers.Patterns(pre)),
            PostProcessor = ReadPostProcessor(header, pre, special, tokens),
            Decoder = new IdentityDecoder("ByteLevel"),
            AddedTokens = added,
            SpecialTokens = special,
            ChatTemplate = header.FindString("tokenizer.chat_template"),
        });
    }

    private static List<Merge> ReadMerges(GgufHeader header, string[] tokens)
    {
        Dictionary<string, int> ids = new(tokens.Length);
        for (int id = 0; id < tokens.Length; id++)
            ids.TryAdd(tokens[id], id);
        List<Merge> merges = [];
        foreach (string merge in header.RequireArray<string>("tokenizer.ggml.merges"))
        {
            int space = merge.IndexOf(' ', 1 <= merge.Length ? 1 : 0);
            if (space < 0)
                throw new InvalidDataException($"tokenizer.ggml.merges holds '{merge}'; expected two tokens.");
            merges.Add(BytePairJson.Resolve(merge[..space], merge[(space + 1)..], ids, "tokenizer.ggml.merges"));
        }

        return merges;
    }

    /// <summary>Begin- and end-of-text where the file, or failing that the convention of its name, asks for them.</summary>
    private static TemplatePostProcessor? ReadPostProcessor(GgufHeader header, string? pre, SpecialTokens special, string[] tokens)
    {
        bool begin = header.FindBoolean("tokenizer.ggml.add_bos_token") ?? GgufPreTokenizers.AddsBeginOfText(pre);
        bool end = header.FindBoolean("tokenizer.ggml.add_eos_token") ?? false;
        return TemplatePostProcessor.Around(
            begin && special.BeginOfText is { } bos ? (tokens[bos], bos) : null,
            end && special.EndOfText is { } eos ? (tokens[eos], eos) : null);
    }
}
