using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// OpenAI's rank files: a line is a token in base64 and its rank. The pattern and the special tokens are not in the file;
/// they go by its name (openai/tiktoken, <c>openai_public.py</c>).
/// </summary>
internal static class TiktokenFile
{
    public static Tokenizer Load(string path)
    {
        List<byte[]?> tokens = Read(path);
        List<Merge> merges = RankMerges.Recover(tokens);
        BytePairModel model = new(tokens, merges);
        (string pattern, AddedToken[] special) = ByName(Path.GetFileNameWithoutExtension(path));
        return ByteLevelPipeline.Build(model, pattern, special);
    }

    private static List<byte[]?> Read(string path)
    {
        List<byte[]?> tokens = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0)
                continue;
            int space = line.IndexOf(' ');
            byte[] bytes = new byte[line.Length];
            if (space <= 0 || !int.TryParse(line.AsSpan(space + 1), out int rank) || rank < 0 || !Convert.TryFromBase64Chars(line.AsSpan(0, space), bytes, out int length))
                throw new InvalidDataException($"{path}: line {number} is not a token in base64 and its rank.");
            while (tokens.Count <= rank)
                tokens.Add(null);
            tokens[rank] = bytes[..length];
        }

        return tokens;
    }

    private static (string, AddedToken[]) ByName(string name)
    {
        const string End = "<|endoftext|>";
        return name switch
        {
            "gpt2" or "r50k_base" => (Gpt2Scanner.Expression, [new AddedToken(50256, End, true)]),
            "p50k_base" => (Gpt2Scanner.Expression, [new AddedToken(50256, End, true)]),
            "cl100k_base" => (new Cl100kScanner(3).Pattern,
            [
                new AddedToken(100257, End, true),
                new AddedToken(100258, "<|fim_prefix|>", true),
                new AddedToken(100259, "<|fim_middle|>", true),
                new AddedToken(100260, "<|fim_suffix|>", true),
                new AddedToken(100276, "<|endofprompt|>", true),
            ]),
            "o200k_base" => (O200kScanner.Expression, [new AddedToken(199999, End, true), new AddedToken(200018, "<|endofprompt|>", true)]),
            _ => throw new InvalidDataException($"the pattern of a rank file goes by its name; expected gpt2, r50k_base, p50k_base, cl100k_base or o200k_base, not {name}."),
        };
    }
}
