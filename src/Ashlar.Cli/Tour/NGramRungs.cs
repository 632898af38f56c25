using System.Globalization;
using Ashlar.Training.Loop;

namespace Ashlar.Cli.Tour;

/// <summary>The lowest rung of the ladder: a language model that only counts.</summary>
internal static class NGramRungs
{
    public static TourRung Characters { get; } = new("An n-gram model counts the characters of the course and the stories", context =>
    {
        TrainingResult counted = context.Train("tour-ngram", "ngram", [], ["evaluation.sampleTokens=24"]);
        return new RungResult("n-gram", "ngram")
        {
            BitsPerByte = counted.BitsPerByte,
            Score = string.Create(CultureInfo.InvariantCulture, $"{counted.ValidationLoss:F3} nats per character (uniform {counted.UniformLoss:F3}, character frequencies {counted.UnigramLoss:F3})"),
            Parameters = counted.Parameters,
            Elapsed = counted.Elapsed,
            Gates =
            [
                TourGate.Below("n-gram: validation loss below the uniform guess", counted.ValidationLoss, counted.UniformLoss),
                TourGate.Below("n-gram: validation loss below the character frequencies", counted.ValidationLoss, counted.UnigramLoss),
            ],
        };
    });
}
