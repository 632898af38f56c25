using System.CommandLine;
using Ashlar.Datasets.Text;
using Ashlar.Evaluation;
using Ashlar.Inference;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar eval MODEL --task perplexity --data FILE</c>, and <c>--task translation</c> on files of lines.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        Command command = new("eval", "Score a model, or translations.");
        Argument<string> model = SamplingChoice.Model();
        model.Arity = ArgumentArity.ZeroOrOne; // translations need no model
        Option<string> task = new("--task") { Description = "What to measure.", DefaultValueFactory = _ => "perplexity" };
        task.AcceptOnlyFromAmong("perplexity", "translation");
        Option<string[]> data = new("--data") { Description = "perplexity: text files; each is a document." };
        Option<int?> window = new("--window") { Description = "Tokens of context; the model's by default." };
        Option<int?> stride = new("--stride") { Description = "Tokens between windows; the window by default, so that they do not overlap." };
        Option<bool> lines = new("--lines") { Description = "perplexity: each line is a document, and its end is predicted where the vocabulary has a token for it." };
        Option<bool> stream = new("--stream") { Description = "perplexity: the lines are one document, the end of each predicted; published word-level figures are taken so, a recurrent model's state going on from line to line." };
        Option<bool> json = new("--json") { Description = "Print one JSON object." };
        foreach (Symbol symbol in (Symbol[])[model, task, data, window, stride, lines, stream, json])
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }

        TranslationEvaluation translation = new(command);
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(task) == "translation")
            {
                UnreadOptions.Refuse(parsed, "with --task translation", data, window, stride, lines, stream);
                return translation.Run(parsed, parsed.GetValue(model), parsed.GetValue(json));
            }

            string path = parsed.GetValue(model) ?? throw new InvalidDataException("MODEL is missing; expected a run folder or a Hugging Face folder.");
            string[] files = parsed.GetValue(data) is { Length: > 0 } named ? named : throw new InvalidDataException("--data is missing; expected text files.");
            bool whole = parsed.GetValue(stream), sentences = whole || parsed.GetValue(lines);
            List<string> documents = [.. sentences ? TextDocuments.FromLines(files) : TextDocuments.FromFiles(files)];
            using LoadedModel loaded = LoadedModel.Load(path);
            int? begin = loaded.Tokenizer.SpecialTokens.BeginOfText ?? loaded.Tokenizer.SpecialTokens.EndOfText;
            int[] end = sentences && loaded.Tokenizer.SpecialTokens.EndOfText is { } id ? [id] : [];
            IEnumerable<int[]> tokens = documents.Select(text => (int[])[.. loaded.Tokenizer.Encode(text), .. end]);
            PerplexityResult result = Perplexity.Measure(
                loaded.Model,
                (whole ? [[.. tokens.SelectMany(line => line)]] : tokens).Select(document => (ReadOnlyMemory<int>)document),
                TokenBytes.Of(loaded.Tokenizer),
                new PerplexityOptions { WindowLength = parsed.GetValue(window), Stride = parsed.GetValue(stride), BeginOfTextId = begin });
            if (parsed.GetValue(json))
            {
                output.WriteLine(result.ToJson());
                return ExitCode.Done;
            }

            output.WriteLine($"tokens          {result.TokenCount:N0}");
            output.WriteLine($"nats per token  {result.NatsPerToken:F4}");
            output.WriteLine($"perplexity      {result.Perplexity:F3}");
            output.WriteLine($"bits per byte   {result.BitsPerByte:F4}");
            return ExitCode.Done;
        });
        return command;
    }
}
