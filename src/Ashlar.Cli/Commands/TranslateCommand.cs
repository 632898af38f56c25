using System.CommandLine;
using System.Diagnostics;
using System.Text;
using Ashlar.Cli.Translation;
using Ashlar.Datasets.Text;
using Ashlar.Inference.Translation;
using Ashlar.Shared;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar translate MODEL [--input FILE]</c>: lines in, lines out, for files of any size.</summary>
internal static class TranslateCommand
{
    public static Command Create()
    {
        Command command = new("translate", "Translate lines: a file of any size, or what comes in.");
        Argument<string> model = new("MODEL") { Description = "A run folder, or one in the layout of Marian, CTranslate2 or OpenNMT." };
        Option<string?> input = new("--input", "-i") { Description = "Lines to translate (.gz and .zst too); the standard input by default." };
        Option<string?> outputFile = new("--output", "-o") { Description = "Where translations go; the standard output by default." };
        Option<int> best = new("--n-best") { Description = "Translations of each line, as 'number ||| text ||| score'; at most the beam, unless --sample draws them.", DefaultValueFactory = _ => 1 };
        Option<string?> alignments = new("--alignments") { Description = "File for alignments: Pharaoh pairs, or all weights as JSON lines when it ends in .jsonl; of the decoder's last layer, the mean of its heads." };
        Option<bool> strict = new("--strict") { Description = "Stop at a line that can't be translated, instead of leaving it empty." };
        Option<int> window = new("--window") { Description = "Lines read ahead, so that those of like length go together; 1 answers each at once.", DefaultValueFactory = _ => 1024 };
        Option<int> batch = new("--batch") { Description = "Most lines translated together.", DefaultValueFactory = _ => 32 };
        Option<int> longest = new("--max-source-length") { Description = "A line with more tokens is a bad line; 0 for 1024 or the model's limit, whichever is lower.", DefaultValueFactory = _ => 0 };
        command.Add(model);
        foreach (Option option in (Option[])[input, outputFile, best, alignments, strict, window, batch, longest])
            command.Add(option);
        TranslationChoice choice = new(command);
        command.SetAction(parsed =>
        {
            TextWriter error = parsed.InvocationConfiguration.Error;
            if (parsed.GetValue(input) is { } path && !File.Exists(path))
                throw new FileNotFoundException($"{path}: no such file; expected lines to translate.", path);
            foreach (Option<int> positive in (Option<int>[])[best, window, batch])
            {
                if (parsed.GetValue(positive) < 1)
                    throw new InvalidDataException($"{positive.Name} is {parsed.GetValue(positive)}; expected 1 or more.");
            }

            if (parsed.GetValue(longest) < 0)
                throw new InvalidDataException($"{longest.Name} is {parsed.GetValue(longest)}; expected 0 (the model's limit) or more.");
            OutputPaths.Check(parsed, input, outputFile, alignments);
            using LoadedTranslator loaded = choice.Load(parsed, parsed.GetRequiredValue(model));
            bool align = parsed.GetValue(alignments) is not null;
            TranslationOptions options = choice.Read(parsed, loaded.Model);
            options = options with
            {
                BestCount = parsed.GetValue(best),
                BatchSize = parsed.GetValue(batch),
                Search = options.Search with { KeepAttention = align, KeepScores = parsed.GetValue(best) > 1 },
            };
            options.Validate();
            if (align && loaded.Model.AttentionLayerCount == 0)
                throw new InvalidDataException("--alignments was asked of a model without attention.");
            bool interactive = parsed.GetValue(input) is null && !Console.IsInputRedirected;
            WindowOptions held = new() { Lines = interactive ? 1 : parsed.GetValue(window) };
            if (parsed.GetValue(longest) is > 0 and var limit)
                held = held with { MaximumLineTokens = limit };
            using StatusLine status = new(error, renew: !Console.IsErrorRedirected);
            Stopwatch watch = new();
            StreamTranslationOptions form = new()
            {
                Name = parsed.GetValue(input) ?? "standard input",
                Numbered = parsed.GetValue(best) > 1,
                Strict = parsed.GetValue(strict),
                Flush = held.Lines == 1,
                // Not where the translations themselves go by, nor where somebody types.
                Progress = parsed.GetValue(input) is not null && (parsed.GetValue(outputFile) is not null || Console.IsOutputRedirected)
                    ? done => status.Show(() => Done(done, watch.Elapsed))
                    : null,
            };
            using Interruption interruption = new();
            IEnumerable<TextLine> lines = parsed.GetValue(input) is { } file ? Utf8Lines.FromFile(file) : Utf8Lines.Read(Console.OpenStandardInput());
            IEnumerable<TranslatedLine> translated = loaded.Translator.TranslateLines(
                lines.Select(line => new SourceLine(line.Number, line.Text, line.Fault)), options, held, interruption.Token);
            watch.Start();
            (long count, long bad) = (0, 0);
            Into(parsed.GetValue(outputFile), parsed.InvocationConfiguration.Output, output =>
                Into(parsed.GetValue(alignments), TextWriter.Null, links =>
                {
                    AlignmentWriter? writer = align ? new AlignmentWriter(links, AlignmentWriter.IsJson(parsed.GetValue(alignments)!)) : null;
                    StreamTranslation stream = new(output, writer, status.Line, form);
                    stream.Run(translated);
                    (count, bad) = (stream.Lines, stream.Bad);
                }));
            status.Clear();
            if (parsed.GetValue(input) is not null)
                status.Line($"{Done(count, watch.Elapsed)}{(bad > 0 ? $", {bad:N0} of them bad" : "")}");
            return ExitCode.Done;
        });
        return command;
    }

    private static string Done(long lines, TimeSpan time) =>
        $"{lines:N0} lines in {time.TotalSeconds:N1} s ({lines / Math.Max(0.001, time.TotalSeconds):N1} a second)";

    // A file appears whole or not at all; the standard output gets each line as it comes.
    private static void Into(string? path, TextWriter otherwise, Action<TextWriter> write)
    {
        if (path is null)
        {
            write(otherwise);
            return;
        }

        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
            write(writer);
        });
    }
}
