using System.Globalization;
using Ashlar.Inference.Translation;
using Ashlar.Training.Loop;
using Ashlar.Training.Reporting;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Cli.Tour;

/// <summary>Translators that look back at the characters they read, recurrent and not, and the picture of where they looked.</summary>
internal static class TranslationRung
{
    private const string Sentence = "知识就是力量";
    private const string Expected = "Knowledge is power.";
    private const double LeastBleu = 80;

    public static TourRung Attention { get; } = Of(
        "attention", "translation", "tour-translation", "A GRU with attention learns to translate Chinese into English, from the sentence pairs in corpus/");

    public static TourRung Transformer { get; } = Of(
        "Transformer", "transformer", "tour-transformer", "A Transformer learns the same: attention alone, and no state that goes from word to word");

    private static TourRung Of(string name, string run, string recipe, string story) => new(story, context =>
    {
        TrainingResult trained = context.Train(recipe, run, [], ["training.steps=100", "training.checkpointEvery=100", "evaluation.every=100"]);
        using LoadedTranslator loaded = LoadedTranslator.Load(context.Run(run));
        TranslationInsight insight = TranslationInsights.Of(loaded.Translator, Sentence, new TranslationOptions());
        AttentionReport.Save(Path.Combine(context.Run(run), "attention.html"), insight);
        AttentionMaps maps = insight.Attention[0];
        double bleu = trained.Scores["tokenisedBleu"];
        List<TourGate> gates = [TourGate.Below($"{name}: validation loss below the token frequencies", trained.ValidationLoss, trained.UnigramLoss)];
        if (!context.Quick)
        {
            gates.Add(new TourGate(
                $"{name}: at least {LeastBleu:0} BLEU on the held-out pairs", bleu >= LeastBleu, string.Create(CultureInfo.InvariantCulture, $"{bleu:F1}")));
            gates.Add(new TourGate($"{name}: \"{Sentence}\" becomes \"{Expected}\"", insight.Translation == Expected, insight.Translation));
        }

        return new RungResult(name, run)
        {
            Score = string.Create(CultureInfo.InvariantCulture, $"{bleu:F1} tokenised BLEU; {trained.ValidationLoss:F3} nats per token (token frequencies {trained.UnigramLoss:F3})"),
            Parameters = trained.Parameters,
            Elapsed = trained.Elapsed,
            Samples = [(Sentence, insight.Translation)],
            Picture = SvgPicture.Element(HeatMap.Draw("", maps.Rows, maps.Columns, maps.Choose())),
            Caption = "Down, the words it wrote; across, the characters it read; in percent, how much each word took from each character.",
            Page = "attention.html",
            Gates = gates,
        };
    });
}
