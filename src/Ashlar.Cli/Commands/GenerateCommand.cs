using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar generate MODEL --prompt TEXT</c>.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        Command command = new("generate", "Continue a text.");
        Argument<string> model = SamplingChoice.Model();
        Option<string> prompt = new("--prompt", "-p") { Description = "Text to continue.", DefaultValueFactory = _ => "" };
        Option<bool> json = JsonOutput.Option();
        command.Add(model);
        command.Add(prompt);
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
}
