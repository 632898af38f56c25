using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Datasets.Batches;
using Ashlar.Datasets.Shards;
using Ashlar.Tests;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tests;

public sealed class TrainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-trainer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, string, double> Variants => new()
    {
        { "gpt2", "adamw", 0 },
        { "llama", "muon", 0.9 },
        { "gpt1", "sgd", 0.9 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Ten_steps_and_ten_more_equal_twenty_bit_for_bit(string architecture, string optimizer, double ema)
    {
        JsonObject recipe = Small(architecture, optimizer, ema);
        Run(recipe, "whole", 20);
        using CancellationTokenSource cancellation = new();
        TrainingResult half = Run(recipe, "parts", 20, cancellation: cancellation, progress: new CancelAfter(10, cancellation));
        Assert.Equal(RunStatus.Interrupted, half.Status);
        Assert.Equal(10, half.Steps);
        TrainingResult rest = Run(recipe, "parts", 20, resume: true);
        Assert.Equal(RunStatus.Completed, rest.Status);

        string whole = LastState("whole"), parts = LastState("parts");
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "tensors.safetensors")), File.ReadAllBytes(Path.Combine(parts, "tensors.safetensors")));
        JsonObject a = State(whole), b = State(parts);
        Assert.Equal(a["batches"]!.ToJsonString(), b["batches"]!.ToJsonString());
        Assert.Equal(a["torchRandom"]!.ToJsonString(), b["torchRandom"]!.ToJsonString());
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "whole", "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder, "parts", "model.safetensors")));
        Assert.Equal(Losses("whole"), Losses("parts"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_seed_another()
    {
        JsonObject recipe = Small("gpt2", "adamw", 0);
        Run(recipe, "a", 5);
        Run(recipe, "b", 5);
        recipe["seed"] = 2;
        Run(recipe, "c", 5);
        Assert.Equal(Losses("a"), Losses("b"));
        Assert.NotEqual(Losses("a"), Losses("c"));
    }

    [Fact]
    public void Activation_checkpointing_changes_memory_and_not_the_run()
    {
        JsonObject recipe = Small("llama", "adamw", 0);
        Run(recipe, "kept", 6);
        recipe["training"]!["activationCheckpointing"] = true;
        Run(recipe, "again", 6);
        Assert.Equal(Losses("kept"), Losses("again"));
    }

    [Fact]
    public void A_run_writes_a_checkpoint_that_matches_its_configuration_and_learns()
    {
        TrainingResult result = Run(Small("qwen3", "adamw", 0), "run", 60);
        Assert.True(result.ValidationLoss < result.UnigramLoss, $"{result.ValidationLoss} is not below the unigram's {result.UnigramLoss}");
        Assert.True(result.UnigramLoss < result.UniformLoss);
        string folder = Path.Combine(_folder, "run");
        DecoderConfiguration configuration = DecoderConfiguration.Load(Path.Combine(folder, "config.json"));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        Assert.NotEmpty(StrictTensors.Match(file, configuration));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.True(File.Exists(Path.Combine(folder, "tokenizer.json")));
        Assert.True(File.Exists(Path.Combine(folder, "recipe.json")));

        string page = File.ReadAllText(Path.Combine(folder, "report.html"));
        Assert.Equal(4, page.Split("<svg").Length - 1);
        Assert.Contains(result.ValidationLoss.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture), page);
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("<script", page);
    }

    [Fact]
    public void Training_from_token_shards_is_training_from_the_text()
    {
        string[] lines = [.. Enumerable.Range(0, 300).Select(i => $"the {i % 10} cats sat on mat {i % 7} and {i} more")];
        File.WriteAllLines(Path.Combine(_folder, "lines.txt"), lines);
        Tokenizers.Tokenizer tokenizer = Tokenizers.Training.ByteLevelBpeTrainer.Train(lines, 300, ["<|endoftext|>"]);
        tokenizer.Save(Path.Combine(_folder, "tokenizer"));
        CorpusShards.Write(
            Path.Combine(_folder, "shards"), () => CorpusShards.Texts(lines, tokenizer), null, tokenizer, new CorpusShardOptions { ValidationFraction = 0.1, LargestShard = 500 });

        foreach (string batching in (string[])["packed", "random-crops"])
        {
            JsonObject text = Small("gpt2", "adamw", 0);
            text["tokenizer"] = new JsonObject { ["kind"] = "file", ["path"] = "tokenizer" };
            text["data"] = new JsonObject { ["format"] = "text-lines", ["train"] = new JsonArray("lines.txt"), ["batching"] = batching };
            JsonObject shards = Small("gpt2", "adamw", 0);
            shards["data"] = new JsonObject { ["format"] = "shards", ["train"] = new JsonArray("shards"), ["batching"] = batching };
            TrainingResult fromText = Run(text, $"{batching}-text", 10), fromShards = Run(shards, $"{batching}-shards", 10);
            Assert.Equal(Losses($"{batching}-text"), Losses($"{batching}-shards"));
            Assert.Equal(fromText.ValidationLoss, fromShards.ValidationLoss);
            Assert.Equal(fromText.BitsPerByte, fromShards.BitsPerByte);
            Assert.Equal(fromText.UnigramLoss, fromShards.UnigramLoss);

            // And a run over shards continues as exactly as any other.
            using CancellationTokenSource cancellation = new();
            Run(shards, $"{batching}-parts", 10, cancellation: cancellation, progress: new CancelAfter(4, cancellation));
            Run(shards, $"{batching}-parts", 10, resume: true);
            Assert.Equal(Losses($"{batching}-shards"), Losses($"{batching}-parts"));
        }
    }

    // Unigram puts a space before a text, which is no byte of it: bits per byte must not count it.
    [Fact]
    public void Bits_per_byte_are_over_the_bytes_of_the_validation_text()
    {
        string[] lines = [.. Enumerable.Range(0, 200).Select(i => $"the {i % 10} cats sat on mat {i % 7} and {i} more 猫")];
        File.WriteAllLines(Path.Combine(_folder, "train.txt"), lines[..180]);
        File.WriteAllLines(Path.Combine(_folder, "held.txt"), lines[180..]);
        foreach (string kind in (string[])["unigram", "byte-level-bpe", "word-level"])
        {
            JsonObject recipe = Small("gpt2", "adamw", 0);
            recipe["tokenizer"] = new JsonObject { ["kind"] = kind, ["vocabularySize"] = 320 };
            recipe["data"] = new JsonObject { ["format"] = "text-lines", ["train"] = new JsonArray("train.txt"), ["validation"] = new JsonArray("held.txt") };
            recipe["model"]!["contextLength"] = 64;
            Run(recipe, kind, 1);
            Tokenizers.Tokenizer tokenizer = Tokenizers.Tokenizer.Load(Path.Combine(_folder, kind));
            int end = tokenizer.SpecialTokens.EndOfText!.Value;
            List<TokenExample> held = [.. lines[180..].Select(line => new TokenExample([end, .. tokenizer.Encode(line), end]))];
            long bytes = EvaluationBatches.Documents(held, 4, 64).Sum(batch => Validator.TextBytes(batch, tokenizer));
            // A word that is not in the vocabulary is a mark: neither its cost nor its bytes count.
            long expected = lines[180..].Sum(line => (long)System.Text.Encoding.UTF8.GetByteCount(tokenizer.Decode(tokenizer.Encode(line), skipSpecialTokens: true)));
            Assert.Equal(expected, bytes);
            if (kind != "word-level")
                Assert.Equal(lines[180..].Sum(line => (long)System.Text.Encoding.UTF8.GetByteCount(line)), bytes);
        }
    }

    [Fact]
    public void A_prompt_that_cannot_be_spelled_stops_the_run_before_it_starts()
    {
        JsonObject recipe = Small("gpt2", "adamw", 0);
        recipe["evaluation"]!["prompts"] = new JsonArray("the ", "漢");
        Assert.Contains("evaluation.prompts, \"漢\"", Assert.Throws<InvalidDataException>(() => Run(recipe, "never", 3)).Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "never")));
    }

    [Fact]
    public void A_run_writes_tensorboard_events_and_a_resumed_one_goes_on_in_a_new_file()
    {
        JsonObject recipe = Small("gpt2", "adamw", 0);
        using CancellationTokenSource cancellation = new();
        Run(recipe, "run", 12, cancellation: cancellation, progress: new CancelAfter(6, cancellation));
        Run(recipe, "run", 12, resume: true);
        string[] files = [.. Directory.GetFiles(Path.Combine(_folder, "run"), "events.out.tfevents.*").Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        List<Tensorboard.Event> events = [.. files.SelectMany(TensorBoardEventsTests.Read).Where(item => item.Summary is not null)];
        List<(long Step, float Loss)> losses = [.. events.SelectMany(item => item.Summary.Value.Where(value => value.Tag == "train/loss").Select(value => (item.Step, value.SimpleValue)))];
        Assert.Equal(Enumerable.Range(1, 12).Select(step => (long)step), losses.Select(item => item.Step));
        Assert.Equal(Losses("run").Select(loss => (float)loss), losses.Select(item => item.Loss));
        Assert.Contains(events, item => item.Step == 12 && item.Summary.Value.Any(value => value.Tag == "validation/loss"));
        Assert.Contains(events, item => item.Step == 12 && item.Summary.Value.Any(value => value.Tag == "validation/bitsPerByte"));
    }

    [Fact]
    public void Gpt1_learns_and_its_samples_come_from_the_runtime()
    {
        CancelAfter recorder = new(int.MaxValue, null);
        TrainingResult result = Run(Small("gpt1", "adamw", 0), "run", 120, progress: recorder);
        Assert.True(result.ValidationLoss < result.UnigramLoss - 0.3, $"{result.ValidationLoss} against {result.UnigramLoss}");
        Assert.NotNull(recorder.LastSample);
    }

    [Fact]
    public void A_save_cut_short_leaves_the_last_checkpoint_loadable()
    {
        JsonObject recipe = Small("gpt2", "adamw", 0);
        Run(recipe, "run", 4);
        string state = Path.Combine(_folder, "run", "state");

        // What a kill leaves behind: a folder that was never named, whole or half-written.
        string torn = Path.Combine(state, "step-00000008.1234.tmp");
        Directory.CreateDirectory(torn);
        File.WriteAllBytes(Path.Combine(torn, "tensors.safetensors"), [1, 2, 3]);
        string unnamed = Path.Combine(state, "step-00000009");
        Directory.CreateDirectory(unnamed);
        File.WriteAllText(Path.Combine(unnamed, "state.json"), "{");
        TrainingResult result = Run(recipe, "run", 8, resume: true);
        Assert.Equal(8, result.Steps);
        Assert.Single(Directory.GetDirectories(state));
        Run(recipe, "whole", 8);
        Assert.Equal(Losses("whole"), Losses("run"));
    }

    [Fact]
    public void Resuming_with_another_recipe_is_refused_by_name()
    {
        JsonObject recipe = Small("gpt2", "adamw", 0);
        Run(recipe, "run", 2);
        recipe["model"]!["dropout"] = 0.3;
        Assert.Contains("model differs", Assert.Throws<InvalidDataException>(() => Run(recipe, "run", 4, resume: true)).Message);
        Assert.Contains("nothing to resume from", Assert.Throws<InvalidDataException>(() => Run(recipe, "other", 4, resume: true)).Message);
    }

    [Fact]
    public void A_run_from_before_a_key_was_there_goes_on()
    {
        JsonObject recipe = Small("gpt2", "adamw", 0);
        Run(recipe, "run", 2);
        string path = Path.Combine(_folder, "run", "recipe.json");
        JsonObject written = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        Assert.True(written["translation"]!.AsObject().Remove("directions"));
        Assert.True(written["evaluation"]!.AsObject().Remove("lookInside"));
        File.WriteAllText(path, written.ToJsonString());
        Assert.Equal(4, Run(recipe, "run", 4, resume: true).Steps);
    }

    [Fact]
    public void Chats_are_learned_from_a_base_model()
    {
        JsonObject recipe = Small("llama", "adamw", 0);
        recipe["tokenizer"] = new JsonObject { ["kind"] = "byte-level-bpe", ["vocabularySize"] = 270, ["specialTokens"] = new JsonArray("<|im_start|>", "<|im_end|>") };
        recipe["model"]!["contextLength"] = 32; // a whole conversation, so that what is asked is what was trained on
        Run(recipe, "base", 5);
        File.WriteAllLines(Path.Combine(_folder, "chat.jsonl"), Enumerable.Repeat("""{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yo"}]}""", 4));
        JsonObject chat = new()
        {
            ["name"] = "chat",
            ["task"] = "sft",
            ["data"] = new JsonObject { ["format"] = "chat", ["train"] = new JsonArray("chat.jsonl"), ["validation"] = new JsonArray("chat.jsonl") },
            ["model"] = new JsonObject { ["initializeFrom"] = "base" },
            ["optimizer"] = new JsonObject { ["learningRate"] = 0.01 },
            ["training"] = new JsonObject { ["batchSize"] = 2, ["computeType"] = "float32" },
            ["schedule"] = new JsonObject { ["warmupSteps"] = 5 },
            ["evaluation"] = new JsonObject { ["prompts"] = new JsonArray("hi"), ["temperature"] = 0, ["sampleTokens"] = 8 },
        };
        CancelAfter recorder = new(int.MaxValue, null);
        TrainingResult result = Run(chat, "chat", 250, progress: recorder);
        Assert.True(result.ValidationLoss < 0.05, $"{result.ValidationLoss}");
        Assert.Equal("yo", recorder.LastSample);
    }

    public static TheoryData<string> Recipes =>
        [.. Directory.GetFiles(Path.Combine(SharedData.RepositoryRoot, "recipes"), "*.json").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Every_recipe_that_ships_is_valid(string file)
    {
        Recipe recipe = RecipeFile.Load(Path.Combine(SharedData.RepositoryRoot, "recipes", file));
        Assert.Equal(Path.GetFileNameWithoutExtension(file), recipe.Name);
        Assert.NotEmpty(recipe.Description);
    }

    [Theory]
    [InlineData("model.layerz=4", "model.layerz is not a key of a recipe; did you mean model.layers?")]
    [InlineData("zzzzzzzz=4", "the keys here are")]
    [InlineData("model.layers=0", "model.layers is 0; expected")]
    [InlineData("model.layers=\"four\"", "model.layers")]
    [InlineData("optimizer.kind=adam", "optimizer.kind is \"adam\"; expected one of adamw, muon, sgd.")]
    [InlineData("data.train=text.txt", "data.train is \"text.txt\"; expected a list")]
    [InlineData("training.steps=1.5", "training.steps is 1.5; expected a whole number.")]
    [InlineData("model.width=31", "model.width is 31")]
    [InlineData("data.train=[\"nowhere.txt\"]", "nowhere.txt names no file")]
    [InlineData("training.activationCheckpointing=\"yes\"", "training.activationCheckpointing")]
    public void A_wrong_key_or_value_is_named(string set, string words)
    {
        string path = Path.Combine(_folder, "recipe.json");
        File.WriteAllText(path, Small("gpt2", "adamw", 0).ToJsonString());
        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            Trainer.Run(RecipeFile.Load(path, [set]), new TrainerOptions { RecipeFolder = _folder, OutputDirectory = Path.Combine(_folder, "never") }));
        Assert.Contains(words, error.Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "never")));
    }

    private JsonObject Small(string architecture, string optimizer, double ema)
    {
        File.WriteAllText(Path.Combine(_folder, "text.txt"), string.Concat(Enumerable.Range(0, 150).Select(i => $"the {i % 10} cats sat on mat {i % 7}. ")));
        return new JsonObject
        {
            ["name"] = "small",
            ["tokenizer"] = new JsonObject { ["kind"] = "character" },
            ["data"] = new JsonObject { ["train"] = new JsonArray("text.txt"), ["split"] = "position" },
            ["model"] = new JsonObject { ["architecture"] = architecture, ["layers"] = 2, ["heads"] = 2, ["width"] = 16, ["contextLength"] = 16, ["dropout"] = 0.1 },
            ["optimizer"] = new JsonObject { ["kind"] = optimizer, ["learningRate"] = 0.01 },
            ["schedule"] = new JsonObject { ["warmupSteps"] = 3 },
            ["training"] = new JsonObject { ["batchSize"] = 4, ["gradientAccumulation"] = 2, ["computeType"] = "float32", ["ema"] = ema, ["checkpointEvery"] = 7 },
            ["evaluation"] = new JsonObject { ["every"] = 8, ["prompts"] = new JsonArray("the "), ["sampleTokens"] = 5 },
        };
    }

    private TrainingResult Run(JsonObject recipe, string name, int steps, bool resume = false, CancellationTokenSource? cancellation = null, ITrainingProgress? progress = null)
    {
        JsonObject copy = recipe.DeepClone().AsObject();
        copy["training"]!["steps"] = steps;
        return Trainer.Run(RecipeFile.Read(copy, "recipe"), new TrainerOptions
        {
            RecipeFolder = _folder,
            OutputDirectory = Path.Combine(_folder, name),
            Resume = resume,
            Cancellation = cancellation?.Token ?? TestContext.Current.CancellationToken,
            Progress = progress,
        });
    }

    private string LastState(string run) =>
        Path.Combine(_folder, run, "state", File.ReadAllText(Path.Combine(_folder, run, "state", "latest")));

    private static JsonObject State(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "state.json")))!.AsObject();

    private List<double> Losses(string run) =>
        [.. MetricsLog.Read(Path.Combine(_folder, run)).Where(line => line["loss"] is not null).Select(line => line["loss"]!.GetValue<double>())];

    private sealed class CancelAfter(int step, CancellationTokenSource? cancellation) : ITrainingProgress
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

        public void Validation(ValidationResult result)
        {
        }

        public void Sample(TrainingSample sample) => LastSample = sample.Text;
    }
}
