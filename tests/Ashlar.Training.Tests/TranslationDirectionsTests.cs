using System.Text.Json.Nodes;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference.Translation;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting;
using Ashlar.Training.Tasks.Translation;

namespace Ashlar.Training.Tests;

/// <summary>One model of several directions, each file with its own, and the tag says which way a sentence goes.</summary>
public sealed class TranslationDirectionsTests : IDisposable
{
    private static readonly string[][] Sentences =
    [
        ["I like tea", "我 喜欢 茶", "ich mag Tee"],
        ["you like tea", "你 喜欢 茶", "du magst Tee"],
        ["I like books", "我 喜欢 书", "ich mag Bücher"],
        ["you like books", "你 喜欢 书", "du magst Bücher"],
        ["hello", "你好", "hallo"],
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-directions-").FullName;

    public TranslationDirectionsTests()
    {
        File.WriteAllLines(Path.Combine(_folder, "all.jsonl"), Sentences.Select(all => new JsonObject
        {
            ["translation"] = new JsonObject { ["en"] = all[0], ["zh"] = all[1], ["de"] = all[2] },
        }.ToJsonString()));
        File.WriteAllLines(Path.Combine(_folder, "en-zh.tsv"), Sentences.Select(all => $"{all[0]}\t{all[1]}"));
        foreach ((string language, int i) in ((string, int)[])[("en", 0), ("zh", 1), ("de", 2)])
            File.WriteAllLines(Path.Combine(_folder, language + ".txt"), Sentences.Select(all => all[i]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The same English goes to two languages, and to one of them from a third: nothing but the tag can tell.
    [Theory]
    [InlineData("transformer")]
    [InlineData("seq2seq")]
    public void Four_directions_are_learned_and_the_tag_chooses(string architecture)
    {
        JsonObject recipe = Recipe(architecture, "en-zh", "en-de", "zh-en", "de-en");
        recipe["translation"]!["directions"]!["prompts"] = new JsonArray("en-de", "de-en", "en-zh");
        recipe["translation"]!["directions"]!["lookInside"] = new JsonArray("en-de");
        recipe["evaluation"]!["prompts"] = new JsonArray("you like tea", "du magst Bücher", "you like tea");
        recipe["evaluation"]!["lookInside"] = new JsonArray("I like books");
        Recorder recorder = new();
        string run = Path.Combine(_folder, "run");
        TrainingResult result = Trainer.Run(RecipeFile.Read(recipe, "several.json"), new TrainerOptions
        {
            RecipeFolder = _folder,
            OutputDirectory = run,
            Progress = recorder,
            Cancellation = TestContext.Current.CancellationToken,
        });
        Assert.Equal(["du magst Tee", "you like books", "你 喜欢 茶"], recorder.Samples);
        Assert.Equal(
            ["tokenisedBleu", "tokenisedBleu.en-zh", "tokenisedBleu.en-de", "tokenisedBleu.zh-en", "tokenisedBleu.de-en"], result.Scores.Keys);
        Assert.Equal(result.Scores["tokenisedBleu"], result.Scores.Where(score => score.Key.Contains('.')).Average(score => score.Value), 1e-9);

        using LoadedTranslator loaded = LoadedTranslator.Load(run, 1);
        foreach (string[] all in Sentences)
        {
            Assert.Equal(all[1], Translate(loaded, all[0], "en", "zh"));
            Assert.Equal(all[2], Translate(loaded, all[0], "en", "de"));
            Assert.Equal(all[0], Translate(loaded, all[1], "zh", "en"));
            Assert.Equal(all[0], Translate(loaded, all[2], "de", "en"));
        }

        Assert.Contains("no token '<2fr>'", Assert.Throws<InvalidDataException>(() => Translate(loaded, "hello", "en", "fr")).Message);
        Assert.Contains("\"sample\":\"你 喜欢 茶\"", File.ReadAllText(Path.Combine(run, MetricsLog.FileName)));
        string page = File.ReadAllText(Path.Combine(run, RunReport.FileName));
        Assert.Contains("<dt>tokenised BLEU zh-en</dt>", page);
        Assert.Contains("I like books → <b>ich mag B", page);
    }

    [Fact]
    public void Pairs_of_files_columns_and_files_of_all_languages_are_read_each_its_own_way()
    {
        JsonObject lines = Recipe("seq2seq", "en-zh", "de-en");
        JsonObject files = lines.DeepClone().AsObject();
        files["data"] = new JsonObject
        {
            ["format"] = "parallel-text",
            ["train"] = new JsonArray("en.txt", "zh.txt", "de.txt", "en.txt"),
            ["validation"] = new JsonArray("de.txt", "en.txt"),
        };
        files["translation"]!["directions"]!["validation"] = new JsonArray("de-en");
        JsonObject mixed = files.DeepClone().AsObject();
        mixed["data"] = new JsonObject
        {
            ["format"] = "parallel",
            ["train"] = new JsonArray("en-zh.tsv", "de.txt", "en.txt"),
            ["validation"] = new JsonArray("all.jsonl"),
        };
        TranslationData a = Prepare(lines), b = Prepare(files);
        foreach (TranslationData other in (TranslationData[])[b, Prepare(mixed)])
        {
            Assert.Equal(a.Train.Select(pair => string.Join(' ', pair.Source)), other.Train.Select(pair => string.Join(' ', pair.Source)));
            Assert.Equal(a.Train.Select(pair => string.Join(' ', pair.Target)), other.Train.Select(pair => string.Join(' ', pair.Target)));
            Assert.Equal(b.ValidationText, other.ValidationText);
        }

        int chinese = a.Vocabularies.Source.TokenToId("<2zh>")!.Value, english = a.Vocabularies.Source.TokenToId("<2en>")!.Value;
        Assert.Equal([.. Enumerable.Repeat(chinese, 5), .. Enumerable.Repeat(english, 5)], a.Train.Select(pair => pair.Source[0]));
        Assert.Null(a.Vocabularies.Source.TokenToId("<2de>"));
        Assert.All(b.ValidationText, pair => Assert.Equal(new TranslationDirection("de", "en"), pair.Direction));
    }

    // Each file and its reverse; each tag is there once.
    [Fact]
    public void With_both_directions_every_file_is_turned_round()
    {
        JsonObject recipe = Recipe("seq2seq", "en-zh", "de-en");
        recipe["translation"]!["bothDirections"] = true;
        recipe["translation"]!["tags"] = "source-and-target";
        TranslationData data = Prepare(recipe);
        Assert.Equal(
            ["en-zh", "de-en", "zh-en", "en-de"], data.ValidationText.Select(pair => pair.Direction!.ToString()).Distinct());
        string[] tags = ["<2zh>", "<2en>", "<2de>", "<en>", "<de>", "<zh>"];
        Assert.All(tags, tag => Assert.NotNull(data.Vocabularies.Source.TokenToId(tag)));
        Assert.Equal(tags.Length, tags.Select(tag => data.Vocabularies.Source.TokenToId(tag)).Distinct().Count());
    }

    [Theory]
    [InlineData("translation.directions.train=[\"en-zh\"]", "translation.directions.train is 1 direction; expected 2, one for each corpus in data.train.")]
    [InlineData("translation.directions.train=[\"en-zh\",\"en\"]", "translation.directions.train[1] is en; expected two language codes such as zh-en.")]
    [InlineData("translation.directions.validation=[]", "translation.directions.validation is missing; expected one for each of the 2 in data.validation, or translation.direction for all.")]
    [InlineData("translation.directions.validation=[\"en-zh\",\"zh-de\"]", "translation.directions.validation[1] is zh-de; expected a target language that is trained (zh, en).")]
    [InlineData("translation.tags=source-and-target translation.directions.validation=[\"en-zh\",\"zh-en\"]", "translation.directions.validation[1] is zh-en; expected a source language that is trained (en, de).")]
    [InlineData("translation.tags=none", "translation.tags is none; expected target or source-and-target, because translation.directions.train has several target languages (zh, en).")]
    [InlineData("evaluation.prompts=[\"a\"] translation.directions.prompts=[\"en-zh\",\"en-zh\"]", "translation.directions.prompts is 2 directions; expected 1, one for each entry of evaluation.prompts.")]
    [InlineData("translation.bleuTokenizer=language translation.directions.train=[\"en-ja\",\"de-en\"] translation.directions.validation=[\"en-ja\",\"de-en\"]", "translation.bleuTokenizer is language; expected 13a, none, intl, zh, char, because sacreBLEU's tokenizer for ja needs MeCab")]
    [InlineData("translation.tags=none translation.bleuTokenizer=language translation.directions.train=[\"en-zh\",\"de-zh\"] translation.directions.validation=[\"en-ja\",\"de-zh\"]", "because sacreBLEU's tokenizer for ja needs MeCab")]
    [InlineData("translation.directions=null", "translation.directions is null; expected an object.")]
    [InlineData("translation.directions.train=[\"en-zh\",null]", "translation.directions.train[1] is null; expected a value.")]
    [InlineData("data.format=generated-copy data.train=[] data.validation=[] translation.directions={} translation.direction=zh-en", "translation.tags is target; expected none, because data.format makes sequences of no language.")]
    [InlineData("data.format=parallel data.train=[\"a.de\",\"b.tsv\"]", "data.train is a.de without a file of targets after it; expected a source file and a target file, in turn.")]
    [InlineData("translation.directions={}", "translation.direction is missing; expected two languages such as zh-en, or translation.directions.train")]
    public void A_mistake_is_named_by_its_key(string sets, string words)
    {
        string path = Path.Combine(_folder, "recipe.json");
        File.WriteAllText(path, Recipe("seq2seq", "en-zh", "de-en").ToJsonString());
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => RecipeFile.Load(path, sets.Split(' '))).Message);
    }

    // Johnson et al. 2017, section 4.3: both languages are known, the way between them was never trained.
    [Fact]
    public void A_direction_between_known_languages_may_be_asked_for()
    {
        JsonObject recipe = Recipe("seq2seq", "de-en", "en-zh");
        recipe["data"]!["test"] = new JsonArray("all.jsonl");
        recipe["translation"]!["directions"]!["test"] = new JsonArray("de-zh");
        SentencePair pair = Prepare(recipe).TestText[0];
        Assert.Equal(("ich mag Tee", "我 喜欢 茶", "de-zh"), (pair.Source, pair.Target, pair.Direction!.ToString()));
    }

    [Fact]
    public void Bleu_of_each_language_has_the_tokenizer_that_sacreBLEU_gives_it()
    {
        JsonObject recipe = Recipe("seq2seq", "en-zh", "de-en");
        recipe["translation"]!["bleuTokenizer"] = "language";
        recipe["training"]!["steps"] = 1;
        string run = Path.Combine(_folder, "run");
        TrainingResult result = Trainer.Run(RecipeFile.Read(recipe, "several.json"), new TrainerOptions { RecipeFolder = _folder, OutputDirectory = run });
        Assert.Equal(["bleu", "bleu.en-zh", "bleu.de-en"], result.Scores.Keys);
        string signature = (string)MetricsLog.Read(run).Last(line => line["bleuSignature"] is not null)["bleuSignature"]!;
        Assert.Matches(@"\|tok:zh\|[^;]*; [^;]*\|tok:13a\|", signature);
    }

    private static string Translate(LoadedTranslator loaded, string text, string from, string to) =>
        loaded.Translator.Translate([text], new TranslationOptions { SourceLanguage = from, TargetLanguage = to })[0][0].Text;

    private TranslationData Prepare(JsonObject recipe) =>
        TranslationData.Prepare(RecipeFile.Read(recipe, "several.json"), new TrainerOptions { RecipeFolder = _folder, OutputDirectory = _folder }, null);

    // Every file is the same, which holds all languages: its direction says what is read of it.
    private static JsonObject Recipe(string architecture, params string[] directions)
    {
        JsonArray Files() => [.. directions.Select(_ => JsonValue.Create("all.jsonl"))];
        JsonArray Ways() => [.. directions.Select(way => JsonValue.Create(way))];
        JsonObject recipe = SmallTranslationRecipe.Of(
            architecture,
            new JsonObject { ["format"] = "parallel-jsonl", ["train"] = Files(), ["validation"] = Files() },
            new JsonObject
            {
                ["sourceKey"] = "translation.{source}",
                ["targetKey"] = "translation.{target}",
                ["tags"] = "target",
                ["directions"] = new JsonObject { ["train"] = Ways(), ["validation"] = Ways() },
                ["batchTokens"] = 200,
                ["bucketWidth"] = 8,
                ["maximumTranslationLength"] = 8,
                ["bleuTokenizer"] = "none",
            });
        recipe["training"]!["steps"] = 150;
        recipe["training"]!["checkpointEvery"] = 150;
        recipe["evaluation"]!["every"] = 150;
        return recipe;
    }

    private sealed class Recorder : ITrainingProgress
    {
        public List<string> Samples { get; } = [];

        public void Note(string text)
        {
        }

        public void Step(TrainingStep done) => Samples.Clear();

        public void Validation(ValidationResult result) => Samples.Clear();

        public void Sample(TrainingSample sample) => Samples.Add(sample.Text);
    }
}
