using System.CommandLine;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Shared;
using Ashlar.Tokenizers;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar convert MODEL --to arpa</c>, and back with <c>--to ngram</c>.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        Command command = new("convert", "Write a model in another format.");
        Argument<string> model = new("MODEL") { Description = "A run folder with an n-gram model, or an .arpa file." };
        Option<string> to = new("--to") { Description = "arpa: the file that other n-gram tools read. ngram: a model folder, from an .arpa file.", Required = true };
        to.AcceptOnlyFromAmong("arpa", "ngram");
        Option<string> output = new("--output", "-o") { Description = "The file or folder to write.", Required = true };
        Option<string?> tokenizer = new("--tokenizer") { Description = "With --to ngram: the tokenizer whose ids the file's tokens get; by default one word a token, of the file's own words." };
        command.Add(model);
        foreach (Option option in (Option[])[to, output, tokenizer])
            command.Add(option);
        command.SetAction(parsed =>
        {
            string source = parsed.GetRequiredValue(model), target = parsed.GetRequiredValue(output);
            if (parsed.GetValue(to) == "arpa")
                ToArpa(source, target);
            else
                FromArpa(source, target, parsed.GetValue(tokenizer));
            parsed.InvocationConfiguration.Output.WriteLine(target);
            return ExitCode.Done;
        });
        return command;
    }

    private static void ToArpa(string folder, string target)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{folder}: no such directory; expected the folder of an n-gram run.");
        using NGramModel model = NGramModel.Open(Path.Combine(folder, NGramModel.FileName), verify: true);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ArpaWriter.Write(model, target, id => id < tokenizer.VocabularySize ? tokenizer.IdToToken(id) : $"<{id}>");
    }

    private static void FromArpa(string file, string folder, string? tokenizerPath)
    {
        Tokenizer tokenizer = tokenizerPath is null ? WordTokenizer(file) : Tokenizer.Load(tokenizerPath);
        Dictionary<string, int> ids = [];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            ids.TryAdd(ArpaWriter.Spell(tokenizer.IdToToken(id)), id);
            ids.TryAdd(ArpaWriter.SpellText(tokenizer.IdToToken(id)), id);
        }

        int? end = tokenizer.SpecialTokens.EndOfText;
        Directory.CreateDirectory(folder);
        NGramHeader header = ArpaReader.Import(file, Path.Combine(folder, NGramModel.FileName), tokenizer.VocabularySize, token =>
            ids.TryGetValue(token, out int id) ? id
            : token == ArpaWriter.Begin ? tokenizer.SpecialTokens.BeginOfText ?? end
            : token == ArpaWriter.End ? end
            : null);
        AtomicFile.WriteText(Path.Combine(folder, "config.json"), NGramConfiguration.ToJson(header).ToJsonString() + "\n");
        tokenizer.Save(folder);
    }

    // The words of the file are the vocabulary; <s>, </s> and <unk> are its special tokens.
    private static Tokenizer WordTokenizer(string file)
    {
        List<string> words = [.. ArpaReader.Vocabulary(file)];
        string[] special = [.. ((string[])["<unk>", ArpaWriter.Begin, ArpaWriter.End]).Where(token => token == "<unk>" || words.Contains(token))];
        return Tokenizers.Training.WordLevelTrainer.Train(
            [string.Join(' ', words.Where(word => !special.Contains(word)))], words.Count + special.Length, special);
    }
}
