using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// GPT-2's first form: <c>vocab.json</c>, tokens and ids, and <c>merges.txt</c>, a merge a line in order of rank. The pattern is
/// GPT-2's, for the files name none.
/// </summary>
internal static class VocabularyAndMerges
{
    public static Tokenizer Load(string path)
    {
        string mergesPath = Path.Combine(
            Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path).Replace("vocab.json", "merges.txt", StringComparison.Ordinal));
        if (!File.Exists(mergesPath))
            throw new FileNotFoundException($"{path}: its merges are not beside it; expected {mergesPath}.", mergesPath);
        JsonObject vocabulary = TokenizerFile.ReadObject(path);
        Dictionary<string, int> ids = ModelParts.ReadVocabulary(new JsonObject { ["vocab"] = vocabulary.DeepClone() });
        string?[] tokens = ModelParts.ById(ids);
        List<Merge> merges = [];
        int number = 0;
        foreach (string line in File.ReadLines(mergesPath))
        {
            number++;
            if (line.Length == 0 || (number == 1 && line.StartsWith("#version", StringComparison.Ordinal)))
                continue;
            string[] parts = line.Split(' ');
            if (parts.Length != 2)
                throw new InvalidDataException($"{mergesPath}: line {number} is not two tokens with a space between them.");
            merges.Add(BytePairJson.Resolve(parts[0], parts[1], ids, $"{mergesPath}: line {number}"));
        }

        AddedToken[] added = [.. ids.Where(pair => pair.Key is "<|endoftext|>").Select(pair => new AddedToken(pair.Value, pair.Key, true))];
        return ByteLevelPipeline.Build(new BytePairModel(tokens, merges, ignoreMerges: false, added.Select(token => token.Id).ToHashSet()), Gpt2Scanner.Expression, added);
    }
}
