using System.Globalization;
using Ashlar.Inference;
using Ashlar.Inference.Chat;
using Ashlar.Inference.Decoding;
using Ashlar.Training.Loop;

namespace Ashlar.Cli.Tour;

/// <summary>The two halves of the top of the ladder: a small GPT reads the corpus, then learns to answer.</summary>
internal static class DecoderRungs
{
    private static readonly (string Question, string Expected)[] Questions =
    [
        ("What is a language model?", "probability"),
        ("什么是语言模型？", "概率"),
    ];

    public static TourRung Base { get; } = new("A small GPT learns the course and the stories in corpus/, English and Chinese", context =>
    {
        TrainingResult trained = context.Train("tour-base", "base", [], ["training.steps=20", "evaluation.every=10", "evaluation.sampleTokens=16"]);
        return new RungResult("GPT", "base")
        {
            BitsPerByte = trained.BitsPerByte,
            Score = string.Create(CultureInfo.InvariantCulture, $"{trained.ValidationLoss:F3} nats per token (uniform {trained.UniformLoss:F3}, token frequencies {trained.UnigramLoss:F3})"),
            Parameters = trained.Parameters,
            Elapsed = trained.Elapsed,
            Gates =
            [
                TourGate.Below("GPT: validation loss below the uniform guess", trained.ValidationLoss, trained.UniformLoss),
                TourGate.Below("GPT: validation loss below the token frequencies", trained.ValidationLoss, trained.UnigramLoss),
            ],
        };
    });

    public static TourRung Chat { get; } = new("It learns to answer, from the dialogues in corpus/", context =>
    {
        TrainingResult tuned = context.Train("tour-chat", "chat", [$"model.initializeFrom={context.Run("base")}"], ["training.steps=20", "evaluation.sampleTokens=16"]);
        (string Question, string Answer)[] answers = Ask(context.Run("chat"), context.Quick ? 24 : 80);
        List<TourGate> gates = [TourGate.Below("chat: validation loss of the replies below the token frequencies", tuned.ValidationLoss, tuned.UnigramLoss)];
        if (!context.Quick)
        {
            foreach (((string question, string answer), (_, string expected)) in answers.Zip(Questions))
                gates.Add(new TourGate($"chat: the answer to \"{question}\" speaks of {expected}", answer.Contains(expected, StringComparison.OrdinalIgnoreCase), answer));
        }

        return new RungResult("chat", "chat")
        {
            Score = string.Create(CultureInfo.InvariantCulture, $"{tuned.ValidationLoss:F3} nats per token of a reply"),
            Parameters = tuned.Parameters,
            Elapsed = tuned.Elapsed,
            Samples = answers,
            Gates = gates,
        };
    });

    private static (string Question, string Answer)[] Ask(string folder, int tokens)
    {
        using LoadedModel loaded = LoadedModel.Load(folder);
        return [.. Questions.Select(item =>
        {
            using ChatSession session = new(loaded.Model, loaded.Tokenizer, loaded.Chat!);
            ChatReply reply = session.Send(item.Question, new GenerationOptions { Sampling = SamplingOptions.Greedy, MaxTokens = tokens });
            return (item.Question, string.Concat(reply.Pieces.Select(piece => piece.Text)));
        })];
    }
}
