using System.CommandLine;
using System.Text.Json.Nodes;
using Ashlar.Datasets.Shards;
using Ashlar.Datasets.Text;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;
using Ashlar.Training.Recipes;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar data prepare|inspect</c>: a corpus of any size as token shards.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Turn a corpus into token shards, and look into them.") { Prepare(), Inspect() };

    private static Command Prepare()
    {
        Command command = new("prepare", "Encode files into memory-mapped token shards that recipes read with data.format = shards.");
        Argument<string[]> files = new("FILES") { Description = "Files, folders or globs.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--output", "-o") { Description = "Folder for the shards and their tokenizer.", Required = true };
        Option<string> format = new("--format") { Description = "text, text-lines, jsonl, chat or parquet.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "text-lines", "jsonl", "chat", "parquet");
        Option<string> column = new("--column") { Description = "Parquet's column of text.", DefaultValueFactory = _ => "text" };
        Option<string?> tokenizer = new("--tokenizer", "-t") { Description = "tokenizer.json, a folder that holds one, or another tokenizer file." };
        Option<int?> train = new("--train-tokenizer") { Description = "Train a byte-level BPE of this many tokens on the text instead." };
        Option<string[]> validation = new("--validation") { Description = "Held-out files; without them a share of the documents, chosen by a hash of their content." };
        Option<double> fraction = new("--validation-fraction") { Description = "That share.", DefaultValueFactory = _ => 0.01 };
        Option<long> shard = new("--shard-tokens") { Description = "Tokens of one shard.", DefaultValueFactory = _ => 100_000_000 };
        Option<bool> json = new("--json") { Description = "Print one JSON object." };
        command.Add(files);
        foreach (Option option in (Option[])[output, format, column, tokenizer, train, validation, fraction, shard, json])
            command.Add(option);
        command.SetAction(parsed =>
        {
            string folder = parsed.GetRequiredValue(output);
            string kind = parsed.GetValue(format)!;
            double share = parsed.GetValue(fraction);
            if (!(share is > 0 and < 1))
                throw new InvalidDataException($"--validation-fraction is {share}; expected a number between 0 and 1.");
            if (parsed.GetValue(shard) <= 0)
                throw new InvalidDataException($"--shard-tokens is {parsed.GetValue(shard)}; expected at least 1.");
            IReadOnlyList<string> paths = RecipePaths.Expand(parsed.GetRequiredValue(files), Environment.CurrentDirectory, "FILES");
            IReadOnlyList<string> held = RecipePaths.Expand(parsed.GetValue(validation) ?? [], Environment.CurrentDirectory, "--validation");
            TextWriter error = parsed.InvocationConfiguration.Error;
            Tokenizer ids = (parsed.GetValue(tokenizer), parsed.GetValue(train)) switch
            {
                ({ } named, null) => Tokenizer.Load(named),
                (null, { } size) => Train(kind, paths, parsed.GetValue(column)!, size, share, held.Count == 0, error),
                _ => throw new InvalidDataException("expected either --tokenizer or --train-tokenizer."),
            };
            CorpusShards.Write(
                folder,
                () => Documents(kind, paths, parsed.GetValue(column)!, ids),
                held.Count == 0 ? null : () => Documents(kind, held, parsed.GetValue(column)!, ids),
                ids,
                new CorpusShardOptions { ValidationFraction = share, LargestShard = parsed.GetValue(shard), Progress = new Progress(error) });
            Describe(folder, verify: false, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Inspect()
    {
        Command command = new("inspect", "What a folder of token shards holds.");
        Argument<string> folder = new("FOLDER") { Description = "What 'data prepare' wrote." };
        Option<bool> verify = new("--verify") { Description = "Read every byte and compare the checksums." };
        Option<bool> json = new("--json") { Description = "Print one JSON object." };
        command.Add(folder);
        command.Add(verify);
        command.Add(json);
        command.SetAction(parsed =>
        {
            Describe(parsed.GetRequiredValue(folder), parsed.GetValue(verify), parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Done;
        });
        return command;
    }

    internal static void Describe(string folder, bool verify, bool json, TextWriter output)
    {
        using CorpusShards corpus = CorpusShards.Open(folder, verify);
        JsonObject description = new()
        {
            ["folder"] = folder,
            ["vocabularySize"] = corpus.Tokenizer.VocabularySize,
            ["bytesPerToken"] = corpus.Train.VocabularySize <= 65_536 ? 2 : 4,
            ["train"] = Side(corpus.Train),
            ["validation"] = Side(corpus.Validation),
            ["tokenizerFingerprint"] = Convert.ToHexStringLower(corpus.Train.Fingerprint),
            ["verified"] = verify,
        };
        if (json)
        {
            output.WriteLine(description.ToJsonString());
            return;
        }

        output.WriteLine($"vocabulary      {corpus.Tokenizer.VocabularySize:N0}, {description["bytesPerToken"]} bytes a token");
        foreach ((string name, TokenShardSet set) in (ReadOnlySpan<(string, TokenShardSet)>)[("train", corpus.Train), ("validation", corpus.Validation)])
            output.WriteLine($"{name,-15} {set.TokenCount:N0} tokens in {set.Count:N0} documents, {set.ShardCount:N0} shard{(set.ShardCount == 1 ? "" : "s")}");
        if (verify)
            output.WriteLine("checksums       hold");

        static JsonObject Side(TokenShardSet set) => new() { ["documents"] = set.Count, ["tokens"] = set.TokenCount, ["shards"] = set.ShardCount };
    }

    private static IEnumerable<CorpusDocument> Documents(string kind, IReadOnlyList<string> paths, string column, Tokenizer tokenizer) => kind == "chat"
        ? CorpusShards.Chats(ChatDocuments.FromFiles(paths), tokenizer)
        : CorpusShards.Texts(FormatOf(kind).Read(paths, column), tokenizer);

    // On the training side alone: the validation text stays unseen.
    private static Tokenizer Train(string kind, IReadOnlyList<string> paths, string column, int size, double fraction, bool split, TextWriter error)
    {
        if (size < 257)
            throw new InvalidDataException($"--train-tokenizer is {size}; expected at least 257 (256 bytes and the end of text).");
        IEnumerable<string> texts = kind == "chat"
            ? ChatDocuments.FromFiles(paths).Select(chat => string.Concat(chat.Select(message => message.Content)))
            : FormatOf(kind).Read(paths, column);
        string[] special = kind == "chat" ? ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] : ["<|endoftext|>"];
        error.WriteLine($"training a byte-level BPE of {size:N0} tokens");
        return ByteLevelBpeTrainer.Train(texts.Where(text => !split || !Datasets.DocumentSplit.IsValidation(text, fraction)), size, special);
    }

    private static TextFormat FormatOf(string kind) => kind switch
    {
        "text-lines" => TextFormat.TextLines,
        "jsonl" => TextFormat.Jsonl,
        "parquet" => TextFormat.Parquet,
        _ => TextFormat.Text,
    };

    private sealed class Progress(TextWriter error) : IProgress<CorpusShardProgress>
    {
        private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
        private string _side = "";
        private TimeSpan _said;
        private long _before;

        public void Report(CorpusShardProgress value)
        {
            string done = $"{value.Side}: {value.Documents:N0} documents, {value.Tokens:N0} tokens";
            if (value.Side != _side)
            {
                // The rate is that of this side, from here on.
                (_side, _before, _said) = (value.Side, value.Tokens, TimeSpan.Zero);
                _clock.Restart();
                error.WriteLine(done);
            }
            else if (_clock.Elapsed - _said >= TimeSpan.FromSeconds(2))
            {
                _said = _clock.Elapsed;
                error.WriteLine($"{done}, {(value.Tokens - _before) / _said.TotalSeconds:N0} tokens/s");
            }
        }
    }
}
