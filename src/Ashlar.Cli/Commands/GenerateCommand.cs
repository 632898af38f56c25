using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Tokenizers;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar generate MODEL --prompt TEXT</c>.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        Command command = new("generate", "Continue a text.");
        Argument<string> model = SamplingChoice.Model();
        Option<string> prompt = new("--prompt", "-p") { Description = "Text to continue.", DefaultValueFactory = _ => "" };
        Option<int> beam = new("--beam") { Description = "Search for the likeliest text with this many beams instead of drawing; 0 is off." };
        Option<bool> json = JsonOutput.Option();
        command.Add(model);
        command.Add(prompt);
        command.Add(beam);
        command.Add(json);
        SamplingChoice sampling = new(command, temperature: 0.8, tokens: 200);
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            using LoadedModel loaded = LoadedModel.Load(parsed.GetRequiredValue(model));
            TextGenerator generator = new(loaded.Model, loaded.Tokenizer);
            int[] tokens = loaded.Tokenizer.SpecialTokens is { BeginOfText: null, EndOfText: { } end }
                ? [end, .. loaded.Tokenizer.Encode(parsed.GetValue(prompt)!)]
                : generator.EncodePrompt(parsed.GetValue(prompt)!);
            GenerationOptions options = sampling.Read(parsed) with
            {
                StopIds = loaded.StopIds,
                ContextPolicy = ContextPolicy.Slide,
            };
            if (parsed.GetValue(beam) is var beams and not 0)
                return Search(loaded, parsed.GetValue(prompt)!, tokens, beams, options, output, parsed.GetValue(json));
            if (parsed.GetValue(json))
            {
                GenerationSummary summary = generator.Generate(tokens, options).Last().Summary!;
                output.Print(new JsonObject
                {
                    ["prompt"] = parsed.GetValue(prompt),
                    ["text"] = summary.Text,
                    ["finishReason"] = JsonNamingPolicy.KebabCaseLower.ConvertName(summary.FinishReason.ToString()),
                    ["promptTokens"] = summary.PromptTokenCount,
                    ["generatedTokens"] = summary.GeneratedTokenCount,
                    ["tokens"] = new JsonArray([.. summary.Tokens.Select(token => (JsonNode)token)]),
                });
                return ExitCode.Done;
            }

            output.Write(parsed.GetValue(prompt));
            foreach (GeneratedPiece piece in generator.Generate(tokens, options))
            {
                output.Write(piece.Text);
                output.Flush();
            }

            output.WriteLine();
            return ExitCode.Done;
        });
        return command;
    }

    private static int Search(LoadedModel loaded, string prompt, int[] tokens, int beams, GenerationOptions options, TextWriter output, bool json)
    {
        if (beams < 0)
            throw new InvalidDataException($"--beam is {beams}; expected 1 or more, or 0 to draw.");
        // Beams share one window: what does not fit is not looked at, and the search ends with the context.
        int context = loaded.Model.ContextLength ?? int.MaxValue;
        if (tokens.Length >= context)
            throw new InvalidDataException($"--prompt is {tokens.Length} tokens long; a search needs fewer than the model's context of {context}.");
        IReadOnlyList<BeamHypothesis> found = BeamSearch.Search(loaded.Model, tokens, new BeamSearchOptions
        {
            BeamCount = beams,
            MaxTokens = Math.Min(options.MaxTokens, context - tokens.Length),
            StopIds = options.StopIds,
        });
        if (!json)
        {
            output.WriteLine(prompt + Text(found[0]));
            return ExitCode.Done;
        }

        output.Print(new JsonObject
        {
            ["prompt"] = prompt,
            ["text"] = Text(found[0]),
            ["beams"] = new JsonArray([.. found.Select(item => new JsonObject { ["text"] = Text(item), ["logProbability"] = item.LogProbability, ["ended"] = item.Ended })]),
        });
        return ExitCode.Done;

        string Text(BeamHypothesis hypothesis)
        {
            StreamingDecoder decoder = loaded.Tokenizer.NewStreamingDecoder();
            foreach (int token in tokens)
                decoder.Append(token);
            IEnumerable<int> written = hypothesis.Tokens.Where(token => token < loaded.Tokenizer.VocabularySize && !options.StopIds.Contains(token));
            return string.Concat(written.Select(decoder.Append)) + decoder.Flush();
        }
    }
}
