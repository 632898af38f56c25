using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PostProcessors;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// BERT's <c>vocab.txt</c>: a token a line, whose number is its id. Whether text is lower-cased is not in the file: a
/// <c>tokenizer_config.json</c> beside it says so (<c>do_lower_case</c>), and without one the vocabulary does, for one that is
/// cased has tokens with capitals.
/// </summary>
internal static class BertVocabulary
{
    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    public static Tokenizer Load(string path)
    {
        string?[] tokens = [.. File.ReadLines(path).Select(line => line.TrimEnd('\r'))];
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id]!.Length == 0)
                tokens[id] = id == tokens.Length - 1 ? null : throw new InvalidDataException($"line {id + 1} is empty; expected a token.");
        }

        string configuration = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "tokenizer_config.json");
        System.Text.Json.Nodes.JsonObject? settings = File.Exists(configuration) ? TokenizerFile.ReadObject(configuration) : null;
        bool lowercase = settings?.Flag("do_lower_case", !IsCased(tokens)) ?? !IsCased(tokens);
        bool? stripAccents = settings?["strip_accents"] is null ? null : settings.Flag("strip_accents", false);
        return Build(tokens, new BertNormalizer(true, settings?.Flag("tokenize_chinese_chars", true) ?? true, stripAccents, lowercase));
    }

    /// <summary>BERT's pipeline around a vocabulary.</summary>
    /// <param name="tokens">Tokens by id, those that continue a word with <c>##</c>.</param>
    /// <param name="normalizer">The normalizer.</param>
    /// <param name="more">Further special tokens.</param>
    /// <exception cref="InvalidDataException">There is no <c>[UNK]</c>.</exception>
    public static Tokenizer Build(IReadOnlyList<string?> tokens, BertNormalizer normalizer, IReadOnlyList<string>? more = null)
    {
        Dictionary<string, int> ids = [];
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id] is { } token)
                ids.TryAdd(token, id);
        }

        if (!ids.ContainsKey("[UNK]"))
            throw new InvalidDataException("the vocabulary has no [UNK]; expected BERT's vocab.txt, a token a line.");
        AddedToken[] added =
        [
            .. Special.Concat(more ?? []).Distinct().Where(ids.ContainsKey).Select(name => new AddedToken(ids[name], name, true)).OrderBy(token => token.Id),
        ];
        return new Tokenizer(new TokenizerPipeline
        {
            Model = new WordPieceModel(tokens, "[UNK]", "##", 100, added.Select(token => token.Id).ToHashSet()),
            Normalizer = normalizer,
            PreTokenizer = new BertPreTokenizer(),
            PostProcessor = ids.TryGetValue("[CLS]", out int cls) && ids.TryGetValue("[SEP]", out int sep)
                ? PostProcessorJson.Pair("[CLS]", cls, "[SEP]", sep, doubled: false)
                : null,
            Decoder = new WordPieceDecoder(),
            AddedTokens = added,
            SpecialTokens = SpecialTokenNames.Roles(added),
        });
    }

    /// <summary>Whether words of the vocabulary have capitals.</summary>
    public static bool IsCased(IEnumerable<string?> tokens) =>
        tokens.Any(token => token is { Length: > 0 } && (token.StartsWith("##", StringComparison.Ordinal) ? token[^1] : token[0]) is >= 'A' and <= 'Z');
}
