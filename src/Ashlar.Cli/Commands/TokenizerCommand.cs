using System.CommandLine;
using System.Text.Json.Nodes;
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
        Option<string> kind = new("--kind") { Description = "byte-level-bpe, character, word-level, word-piece or unigram.", DefaultValueFactory = _ => "byte-level-bpe" };
        kind.AcceptOnlyFromAmong("byte-level-bpe", "character", "word-level", "word-piece", "unigram");
        Option<int> size = new("--vocabulary") { Description = "Tokens in all.", DefaultValueFactory = _ => 32_000 };
        Option<string[]> special = new("--special") { Description = "Special tokens beyond those of the kind.", DefaultValueFactory = _ => ["<|endoftext|>"] };
        Option<bool?> lowercase = new("--lowercase") { Description = "Lower-case text first (word-level, word-piece). word-piece does so unless it is false." };
        Option<bool> compatibility = new("--nmt-nfkc") { Description = "unigram: compatibility form, single spaces and no line breaks, as SentencePiece's default." };
        command.Add(files);
        foreach (Option option in (Option[])[output, kind, size, special, lowercase, compatibility])
            command.Add(option);
        command.SetAction(parsed =>
        {
            IEnumerable<string> documents = TextDocuments.FromLines(parsed.GetRequiredValue(files)).Select(line => line + "\n");
            TextWriter error = parsed.InvocationConfiguration.Error;
            Progress progress = new(error);
            (string wanted, int tokens, string[]? control, bool? lower) = (parsed.GetRequiredValue(kind), parsed.GetValue(size), parsed.GetValue(special), parsed.GetValue(lowercase));
            if (lower is not null && wanted is not ("word-level" or "word-piece"))
                throw new InvalidDataException($"--lowercase is for word-level and word-piece, not for {wanted}.");
            if (parsed.GetValue(compatibility) && wanted != "unigram")
                throw new InvalidDataException($"--nmt-nfkc is for unigram, not for {wanted}.");
            Tokenizer tokenizer = wanted switch
            {
                "character" => CharacterTrainer.Train(documents, control),
                "word-level" => WordLevelTrainer.Train(documents, tokens, control, lowercase: lower ?? false, progress: progress),
                "word-piece" => WordPieceTrainer.Train(documents, tokens, control, lowercase: lower ?? true, progress: progress),
                "unigram" => UnigramTrainer.Train(documents, tokens, control, compatibility: parsed.GetValue(compatibility), progress: progress),
                _ => ByteLevelBpeTrainer.Train(documents, tokens, control, progress: progress),
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
        Option<bool> json = JsonOutput.Option();
        command.Add(json);
        command.SetAction(parsed =>
        {
            Tokenizer tokenizer = Tokenizer.Load(parsed.GetRequiredValue(file));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.Print(new JsonObject
                {
                    ["model"] = tokenizer.Pipeline.Model.GetType().Name,
                    ["vocabularySize"] = tokenizer.VocabularySize,
                    ["preTokenizer"] = tokenizer.Pipeline.PreTokenizer?.GetType().Name,
                    ["addedTokens"] = new JsonArray([.. tokenizer.AddedTokens.Select(token => new JsonObject { ["id"] = token.Id, ["content"] = token.Content, ["special"] = token.Special })]),
                    ["chatTemplate"] = tokenizer.ChatTemplate,
                    ["fingerprint"] = Convert.ToHexStringLower(TokenizerFingerprint.Of(tokenizer)),
                });
                return ExitCode.Done;
            }

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
        Argument<string> file = new("TOKENIZER") { Description = "tokenizer.json, a folder that holds one, vocab.json, vocab.txt, or a .model, .tiktoken or .gguf file." };
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
