using System.CommandLine;
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
        command.Add(model);
        command.Add(prompt);
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
