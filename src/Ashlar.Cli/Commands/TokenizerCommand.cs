using System.CommandLine;
using Ashlar.Datasets.Text;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar tokenizer train|encode|decode|inspect</c>.</summary>
internal static class TokenizerCommand
{
    public static Command Create() => new("tokenizer", "Train, run and look into tokenizers.") { Train(), Encode(), Decode(), Inspect() };

    private static Command Train()
    {
        Command command = new("train", "Train a tokenizer on text files.");
        Argument<string[]> files = new("FILES") { Description = "Text; each line is a document.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--output", "-o") { Description = "Folder for tokenizer.json.", Required = true };
        Option<string> kind = new("--kind") { Description = "byte-level-bpe, character or word-level.", DefaultValueFactory = _ => "byte-level-bpe" };
        kind.AcceptOnlyFromAmong("byte-level-bpe", "character", "word-level");
        Option<int> size = new("--vocabulary") { Description = "Tokens in all.", DefaultValueFactory = _ => 32_000 };
        Option<string[]> special = new("--special") { Description = "Special tokens.", DefaultValueFactory = _ => ["<|endoftext|>"] };
        command.Add(files);
        foreach (Option option in (Option[])[output, kind, size, special])
            command.Add(option);
        command.SetAction(parsed =>
        {
            IEnumerable<string> documents = TextDocuments.FromLines(parsed.GetRequiredValue(files)).Select(line => line + "\n");
            TextWriter error = parsed.InvocationConfiguration.Error;
            Progress progress = new(error);
            Tokenizer tokenizer = parsed.GetValue(kind) switch
            {
                "character" => CharacterTrainer.Train(documents, parsed.GetValue(special)),
                "word-level" => WordLevelTrainer.Train(documents, parsed.GetValue(size), parsed.GetValue(special), progress: progress),
                _ => ByteLevelBpeTrainer.Train(documents, parsed.GetValue(size), parsed.GetValue(special), progress: progress),
            };
            tokenizer.Save(parsed.GetRequiredValue(output));
            error.WriteLine($"{tokenizer.VocabularySize:N0} tokens in {Path.Combine(parsed.GetRequiredValue(output), "tokenizer.json")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Encode()
    {
        (Command command, Argument<string> file) = OnTokenizer("encode", "Text from the input to ids, a line each.");
        command.SetAction(parsed =>
        {
            Tokenizer tokenizer = Tokenizer.Load(parsed.GetRequiredValue(file));
            for (string? line = Console.In.ReadLine(); line is not null; line = Console.In.ReadLine())
                parsed.InvocationConfiguration.Output.WriteLine(string.Join(' ', tokenizer.Encode(line)));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Decode()
    {
        (Command command, Argument<string> file) = OnTokenizer("decode", "Ids from the input to text, a line each.");
        command.SetAction(parsed =>
        {
            Tokenizer tokenizer = Tokenizer.Load(parsed.GetRequiredValue(file));
            for (string? line = Console.In.ReadLine(); line is not null; line = Console.In.ReadLine())
                parsed.InvocationConfiguration.Output.WriteLine(tokenizer.Decode([.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Id(word, tokenizer))]));
            return ExitCode.Done;
        });
        return command;
    }

    private static int Id(string word, Tokenizer tokenizer) =>
        int.TryParse(word, out int id) && id >= 0 && id < tokenizer.VocabularySize
            ? id
            : throw new InvalidDataException($"'{word}' is not an id; expected a whole number from 0 to {tokenizer.VocabularySize - 1}.");

    private static Command Inspect()
    {
        (Command command, Argument<string> file) = OnTokenizer("inspect", "What a tokenizer is made of.");
        command.SetAction(parsed =>
        {
            Tokenizer tokenizer = Tokenizer.Load(parsed.GetRequiredValue(file));
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"model           {tokenizer.Pipeline.Model.GetType().Name}");
            output.WriteLine($"vocabulary      {tokenizer.VocabularySize:N0}");
            output.WriteLine($"pre-tokenizer   {tokenizer.Pipeline.PreTokenizer?.GetType().Name ?? "(none)"}");
            output.WriteLine($"added tokens    {string.Join(", ", tokenizer.AddedTokens.Select(token => $"{token.Content} = {token.Id}"))}");
            output.WriteLine($"chat template   {(tokenizer.ChatTemplate is null ? "no" : "yes")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static (Command, Argument<string>) OnTokenizer(string verb, string description)
    {
        Command command = new(verb, description);
        Argument<string> file = new("TOKENIZER") { Description = "tokenizer.json, a folder that holds one, or a .tiktoken file." };
        command.Add(file);
        return (command, file);
    }

    private sealed class Progress(TextWriter error) : IProgress<TokenizerTrainingProgress>
    {
        public void Report(TokenizerTrainingProgress value)
        {
            lock (error)
                error.WriteLine(value.Total > 0 ? $"{value.Stage}: {value.Done:N0} of {value.Total:N0}" : $"{value.Stage}: {value.Done:N0}");
        }
    }
}
