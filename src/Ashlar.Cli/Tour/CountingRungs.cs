using System.Globalization;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Training.Loop;

namespace Ashlar.Cli.Tour;

/// <summary>The foot of the ladder: an n-gram counts what follows what, a recurrent network remembers in a vector.</summary>
internal static class CountingRungs
{
    private static readonly string[] Prompts = ["A language model is", "语言模型"];

    public static TourRung NGram { get; } = new("An n-gram counts the characters of corpus/, English and Chinese", context =>
        Climb(context, "n-gram", "ngram", context.Train("tour-ngram", "ngram", [], ["evaluation.sampleTokens=20"]), "counted n-grams"));

    public static TourRung Recurrent { get; } = new("A recurrent network, an LSTM, reads the same text with a vector for its memory", context =>
        Climb(context, "LSTM", "rnn", context.Train("tour-rnn", "rnn", [], ["training.steps=30", "evaluation.every=30", "evaluation.sampleTokens=16"]), "parameters"));

    private static RungResult Climb(TourContext context, string name, string run, TrainingResult result, string counted) => new(name, run)
    {
        BitsPerByte = result.BitsPerByte,
        Score = string.Create(CultureInfo.InvariantCulture, $"{result.ValidationLoss:F3} nats per token (token frequencies {result.UnigramLoss:F3}); {result.Parameters:N0} {counted}"),
        Parameters = result.Parameters,
        Elapsed = result.Elapsed,
        Samples = Continue(context.Run(run), context.Quick ? 24 : 80),
        Gates =
        [
            TourGate.Below($"{name}: validation loss below the uniform guess", result.ValidationLoss, result.UniformLoss),
            TourGate.Below($"{name}: validation loss below the token frequencies", result.ValidationLoss, result.UnigramLoss),
        ],
    };

    private static (string Prompt, string Text)[] Continue(string folder, int tokens)
    {
        using LoadedModel loaded = LoadedModel.Load(folder);
        GenerationOptions options = new()
        {
            Sampling = new SamplingOptions { Temperature = 0.7, Seed = 1337 },
            MaxTokens = tokens,
            StopIds = loaded.StopIds,
            ContextPolicy = ContextPolicy.Slide,
        };
        return [.. Prompts.Select(prompt => (prompt, string.Concat(
            loaded.NewTextGenerator().Generate(loaded.Tokenizer.Encode(prompt), options).Select(piece => piece.Text))))];
    }
}
