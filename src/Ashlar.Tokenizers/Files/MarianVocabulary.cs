using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Files;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers;

/// <summary>
/// The tokenizers of a folder in Hugging Face's Marian layout (<c>MarianTokenizer</c>): <c>source.spm</c> and <c>target.spm</c> cut text,
/// <c>vocab.json</c> has the ids of both sides, or <c>target_vocab.json</c> those of the target. Language codes such as
/// <c>&gt;&gt;fra&lt;&lt;</c> are tokens wherever they stand.
/// </summary>
public static class MarianVocabulary
{
    private const string SourceFile = "source.spm";
    private const string TargetFile = "target.spm";
    private const string Ids = "vocab.json";
    private const string TargetIds = "target_vocab.json";

    /// <summary>Whether a folder holds them.</summary>
    public static bool Recognizes(string folder) =>
        File.Exists(Path.Combine(folder, SourceFile)) && File.Exists(Path.Combine(folder, TargetFile)) && File.Exists(Path.Combine(folder, Ids));

    /// <summary>Reads both sides.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the ids have no <c>&lt;unk&gt;</c>.</exception>
    public static (Tokenizer Source, Tokenizer Target) Load(string folder)
    {
        string shared = Path.Combine(folder, Ids), own = Path.Combine(folder, TargetIds);
        return (Side(Path.Combine(folder, SourceFile), shared), Side(Path.Combine(folder, TargetFile), File.Exists(own) ? own : shared));
    }

    private static Tokenizer Side(string model, string vocabulary)
    {
        Dictionary<string, int> ids = ReadIds(vocabulary);
        if (!ids.TryGetValue("<unk>", out int unknown))
            throw new InvalidDataException($"{vocabulary}: there is no <unk> among the tokens; expected the vocabulary of a Marian model.");
        TokenizerPipeline cut = Tokenizer.Load(model).Pipeline;
        return new Tokenizer(cut with
        {
            Model = new RenumberedModel(cut.Model, ids, unknown),
            AddedTokens =
            [
                .. new[] { "<unk>", "</s>", "<pad>" }.Where(ids.ContainsKey).Select(name => new AddedToken(ids[name], name, true)),
                .. ids.Where(pair => IsLanguage(pair.Key)).Select(pair => new AddedToken(pair.Value, pair.Key, false) { Normalized = false }),
            ],
            SpecialTokens = new SpecialTokens(null, Find("</s>"), Find("<pad>"), unknown),
        });

        int? Find(string name) => ids.TryGetValue(name, out int id) ? id : null;
    }

    private static bool IsLanguage(string token) =>
        token.Length > 4 && token.StartsWith(">>", StringComparison.Ordinal) && token.EndsWith("<<", StringComparison.Ordinal);

    private static Dictionary<string, int> ReadIds(string path)
    {
        Dictionary<string, int> ids = [];
        foreach ((string token, JsonNode? value) in TokenizerFile.ReadObject(path))
        {
            if (value is not JsonValue number || !number.TryGetValue(out int id) || id < 0 || id >= 1 << 24)
                throw new InvalidDataException($"{path}: the id of '{token}' is {value?.ToJsonString() ?? "null"}; expected a whole number.");
            ids[token] = id;
        }

        return ids;
    }
}
