using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Translation;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting;

namespace Ashlar.Training.Tests;

public sealed class TranslationTaskTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-translation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("transformer")]
    [InlineData("seq2seq")]
    public void Short_copies_are_learned_and_translated_without_a_mistake(string architecture)
    {
        Recorder recorder = new();
        JsonObject recipe = Small(architecture);
        recipe["evaluation"]!["lookInside"] = new JsonArray("2 0 1");
        TrainingResult result = Run(recipe, "run", 400, progress: recorder);
        Assert.True(result.ValidationLoss < 0.2, $"the loss is {result.ValidationLoss}");
        Assert.True(result.UnigramLoss < result.UniformLoss);
        Assert.InRange(result.Scores["tokenisedBleu"], 95, 100.001);
        Assert.Equal("2 0 1", recorder.LastSample);
        string folder = Path.Combine(_folder, "run");
        Assert.True(TranslationVocabularies.Load(folder).AreShared);
        string page = File.ReadAllText(Path.Combine(folder, RunReport.FileName));
        Assert.Contains("2 0 1 → <b>2 0 1</b>", page); // the sentence that the recipe names, and what became of it
        Assert.Contains("2 looks at 2", page); // in words, the picture of attention
        Assert.Contains("Beam search", page);
        Assert.DoesNotContain("<script", page);
        RunReport.Write(folder, ["1 1 0"]);
        Assert.Contains("1 1 0 → <b>1 1 0</b>", File.ReadAllText(Path.Combine(folder, RunReport.FileName)));
        Assert.Contains("1 1 0 → 1 1 0", RunReport.SentencePicture(folder, "1 1 0").Description);
        File.WriteAllText(Path.Combine(folder, "recipe.json"), "{ \"name\": ");
        Assert.Contains("recipe.json: not JSON", Assert.Throws<InvalidDataException>(() => RunReport.Write(folder)).Message);
        Assert.Contains("recipe.json: not JSON", Assert.Throws<InvalidDataException>(() => RunReport.SentencePicture(folder, "1 1 0")).Message);
    }

    [Theory]
    [InlineData("transformer")]
    [InlineData("seq2seq")]
    public void Ten_steps_and_ten_more_equal_twenty_bit_for_bit(string architecture)
    {
        JsonObject recipe = Small(architecture);
        recipe["model"]!["dropout"] = 0.2;
        recipe["training"]!["averageCheckpoints"] = 3;
        if (architecture == "seq2seq")
        {
            recipe["translation"]!["scheduledSampling"] = 0.5;
            recipe["translation"]!["scheduledSamplingSteps"] = 15;
        }

        Run(recipe, "whole", 20);
        using CancellationTokenSource cancellation = new();
        Assert.Equal(RunStatus.Interrupted, Run(recipe, "parts", 20, progress: new Recorder(10, cancellation), cancellation: cancellation.Token).Status);
        Run(recipe, "parts", 20, resume: true);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "whole", "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder, "parts", "model.safetensors")));
        Assert.Equal(Losses("whole"), Losses("parts"));
    }

    // Nothing is learned at such a rate, so the first validation is the best and each one after it is in vain.
    [Theory]
    [InlineData("bleu")]
    [InlineData("loss")]
    public void A_run_stops_when_its_criterion_gets_no_better(string criterion)
    {
        JsonObject recipe = Small("seq2seq");
        recipe["translation"]!["criterion"] = criterion;
        recipe["optimizer"]!["learningRate"] = 1e-12;
        recipe["evaluation"]!["every"] = 2;
        recipe["evaluation"]!["earlyStoppingPatience"] = 2;
        TrainingResult result = Run(recipe, "run", 30);
        Assert.Equal(6, MetricsLog.Read(Path.Combine(_folder, "run")).Where(line => line["loss"] is not null).Max(line => line["step"]!.GetValue<int>()));
        if (criterion == "bleu")
            Assert.InRange(result.BestLoss, -100, 0);
        else
            Assert.InRange(result.BestLoss, 1, 4);
    }

    [Theory]
    [InlineData("none", "tokenisedBleu", "testTokenisedBleu", "tokenised BLEU")]
    [InlineData("intl", "bleu", "testBleu", "BLEU")]
    public void A_figure_says_what_text_it_was_measured_on(string tokenizer, string key, string testKey, string words)
    {
        File.WriteAllLines(Path.Combine(_folder, "pairs.tsv"), ["2 0\t2 0", "1 0\t1 0"]);
        JsonObject recipe = Small("seq2seq");
        recipe["data"] = new JsonObject { ["format"] = "parallel-tsv", ["train"] = new JsonArray("pairs.tsv"), ["validation"] = new JsonArray("pairs.tsv"), ["test"] = new JsonArray("pairs.tsv") };
        recipe["translation"]!["bleuTokenizer"] = tokenizer;
        TrainingResult result = Run(recipe, "run", 1);
        Assert.Equal([key, testKey], result.Scores.Keys);
        string folder = Path.Combine(_folder, "run");
        Assert.Contains($"|tok:{tokenizer}|", (string)MetricsLog.Read(folder)[^2]["bleuSignature"]!);
        string page = File.ReadAllText(Path.Combine(folder, RunReport.FileName));
        Assert.Contains($"<dt>{words}</dt>", page);
        Assert.Contains($"<dt>test {words}</dt>", page);
        Assert.Contains($"{words}: nrefs:1|case:mixed|eff:no|tok:{tokenizer}|", page);
    }

    [Fact]
    public void The_weights_of_the_last_validations_are_averaged()
    {
        JsonObject recipe = Small("transformer");
        recipe["training"]!["averageCheckpoints"] = 2;
        recipe["evaluation"]!["every"] = 4;
        // By the time of the last validation the mean is on the disk, so that nothing is lost should it fail.
        string model = Path.Combine(_folder, "run", "model.safetensors");
        byte[] saved = [];
        Run(recipe, "run", 14, progress: new Recorder { Validated = result => saved = File.ReadAllBytes(model) });
        Assert.Equal(File.ReadAllBytes(model), saved);
        string averaged = Path.Combine(_folder, "run", "averaged");
        Assert.Equal(["step-00000012.safetensors", "step-00000014.safetensors"], Directory.GetFiles(averaged).Select(Path.GetFileName).Order());
        using SafetensorsFile first = SafetensorsFile.Open(Path.Combine(averaged, "step-00000012.safetensors"));
        using SafetensorsFile second = SafetensorsFile.Open(Path.Combine(averaged, "step-00000014.safetensors"));
        using SafetensorsFile mean = SafetensorsFile.Open(Path.Combine(_folder, "run", "model.safetensors"));
        foreach (string name in mean.Names)
        {
            Assert.True(mean.TryGet(name, out Checkpoints.TensorInfo? info));
            float[] a = new float[info.Shape.Aggregate(1L, (product, size) => product * size)], b = new float[a.Length], c = new float[a.Length];
            first.ReadFloat32(name, a);
            second.ReadFloat32(name, b);
            mean.ReadFloat32(name, c);
            for (int i = 0; i < a.Length; i++)
                Assert.Equal((float)(((double)a[i] + b[i]) / 2), c[i]);
        }
    }

    [Fact]
    public void Two_files_with_two_vocabularies_tags_and_reversal()
    {
        File.WriteAllLines(Path.Combine(_folder, "zh.txt"), ["我喜欢茶", "你好", "我喜欢书", "茶很好", "书很好", "你喜欢书"]);
        File.WriteAllLines(Path.Combine(_folder, "en.txt"), ["I like tea", "hello", "I like books", "tea is good", "books are good", "you like books"]);
        JsonObject recipe = Small("seq2seq");
        recipe["data"] = new JsonObject
        {
            ["format"] = "parallel-text",
            ["train"] = new JsonArray("zh.txt", "en.txt"),
            ["validation"] = new JsonArray("zh.txt", "en.txt"),
        };
        recipe["translation"] = new JsonObject
        {
            ["direction"] = "zh-en",
            ["tags"] = "target",
            ["reverseSource"] = true,
            ["batchTokens"] = 64,
            ["criterion"] = "bleu",
            ["bleuTokenizer"] = "none",
            ["sourceTokenizer"] = new JsonObject { ["kind"] = "character" },
        };
        recipe["evaluation"]!["prompts"] = new JsonArray("我喜欢书");
        recipe["evaluation"]!["every"] = 50;
        Recorder recorder = new();
        TrainingResult result = Run(recipe, "run", 150, progress: recorder);
        Assert.Equal("I like books", recorder.LastSample);
        Assert.Equal(-result.Scores["tokenisedBleu"], result.BestLoss, 1e-9);
        TranslationVocabularies vocabularies = TranslationVocabularies.Load(Path.Combine(_folder, "run"));
        Assert.False(vocabularies.AreShared);
        Assert.NotNull(vocabularies.Source.TokenToId("<2en>"));
        Assert.Null(vocabularies.Target.TokenToId("<2en>"));
    }

    [Theory]
    [InlineData("translation.labelSmoothing=2", "translation.labelSmoothing is 2; expected between 0 and 0.999")]
    [InlineData("translation.smooth=0.1", "translation.smooth is not a key of a recipe")]
    [InlineData("model.architecture=gpt2", "model.architecture is gpt2; expected transformer or seq2seq")]
    [InlineData("data.format=text", "data.train is []; expected at least one file")]
    [InlineData("translation.scheduledSampling=0.5", "translation.scheduledSampling is 0.5; expected 0")]
    [InlineData("translation.tags=target", "translation.tags is target; expected none, because data.format makes sequences of no language")]
    [InlineData("model.transformer.activation=tanh", "model.transformer.activation is tanh; expected relu, gelu, silu or swiglu")]
    [InlineData("translation.bleuTokenizer=moses", "translation.bleuTokenizer is moses; expected")]
    public void A_wrong_value_is_one_sentence(string set, string words)
    {
        string path = Path.Combine(_folder, "recipe.json");
        File.WriteAllText(path, Small("transformer").ToJsonString());
        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            Trainer.Run(RecipeFile.Load(path, [set]), new TrainerOptions { RecipeFolder = _folder, OutputDirectory = Path.Combine(_folder, "never") }));
        Assert.Contains(words, error.Message);
    }

    private static JsonObject Small(string architecture)
    {
        JsonObject recipe = SmallTranslationRecipe.Of(
            architecture,
            new JsonObject { ["format"] = "generated-copy", ["train"] = new JsonArray() },
            new JsonObject
            {
                ["generated"] = new JsonObject { ["pairs"] = 200, ["validationPairs"] = 20, ["values"] = 3, ["minimumLength"] = 2, ["maximumLength"] = 4 },
                ["batchTokens"] = 100,
                ["evaluationSentences"] = 20,
                ["maximumTranslationLength"] = 8,
                ["bleuTokenizer"] = "none",
            });
        recipe["evaluation"]!["prompts"] = new JsonArray("2 0 1");
        return recipe;
    }

    private TrainingResult Run(
        JsonObject recipe, string name, int steps, bool resume = false, ITrainingProgress? progress = null, CancellationToken? cancellation = null)
    {
        JsonObject copy = recipe.DeepClone().AsObject();
        copy["training"]!["steps"] = steps;
        if (steps > 100)
            copy["evaluation"]!["every"] = 100;
        return Trainer.Run(RecipeFile.Read(copy, "recipe"), new TrainerOptions
        {
            RecipeFolder = _folder,
            OutputDirectory = Path.Combine(_folder, name),
            Resume = resume,
            Progress = progress,
            Cancellation = cancellation ?? TestContext.Current.CancellationToken,
        });
    }

    private List<double> Losses(string run) =>
        [.. MetricsLog.Read(Path.Combine(_folder, run)).Where(line => line["loss"] is not null).Select(line => line["loss"]!.GetValue<double>())];

    private sealed class Recorder(int step = -1, CancellationTokenSource? cancellation = null) : ITrainingProgress
    {
        public string? LastSample { get; private set; }

        public void Note(string text)
        {
        }

        public void Step(TrainingStep done)
        {
            if (done.Number == step)
                cancellation?.Cancel();
        }

        public Action<ValidationResult>? Validated { get; init; }

        public void Validation(ValidationResult result) => Validated?.Invoke(result);

        public void Sample(TrainingSample sample) => LastSample = sample.Text;
    }
}
