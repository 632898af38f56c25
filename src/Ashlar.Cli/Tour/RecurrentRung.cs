using System.Globalization;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Training.Loop;

namespace Ashlar.Cli.Tour;

/// <summary>The recurrent rung: a small LSTM reads the corpus token by token and carries its state along.</summary>
internal static class RecurrentRung
{
    private static readonly string[] Prompts = ["A language model is", "语言模型"];

    public static TourRung Lstm { get; } = new("An LSTM reads the same text token by token, with nothing but its hidden state to remember by", context =>
    {
        TrainingResult trained = context.Train("tour-rnn", "rnn", [], ["training.steps=25", "evaluation.every=12", "evaluation.sampleTokens=16"]);
        return new RungResult("LSTM", "rnn")
        {
            BitsPerByte = trained.BitsPerByte,
            Score = string.Create(CultureInfo.InvariantCulture, $"{trained.ValidationLoss:F3} nats per token (uniform {trained.UniformLoss:F3}, token frequencies {trained.UnigramLoss:F3})"),
            Parameters = trained.Parameters,
            Elapsed = trained.Elapsed,
            Samples = Continue(context.Run("rnn"), context.Quick ? 16 : 40),
            Gates =
            [
                TourGate.Below("LSTM: validation loss below the uniform guess", trained.ValidationLoss, trained.UniformLoss),
                .. context.Quick ? [] : (TourGate[])[TourGate.Below("LSTM: validation loss below the token frequencies", trained.ValidationLoss, trained.UnigramLoss)],
            ],
        };
    });

    private static (string Prompt, string Text)[] Continue(string folder, int tokens)
    {
        using LoadedModel loaded = LoadedModel.Load(folder);
        GenerationOptions options = new() { MaxTokens = tokens, Sampling = new SamplingOptions { Temperature = 0.7, Seed = 1 } };
        return [.. Prompts.Select(prompt => (prompt, string.Concat(loaded.NewTextGenerator().Generate(prompt, options).Select(piece => piece.Text))))];
    }
}
