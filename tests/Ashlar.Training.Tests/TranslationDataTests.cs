using System.Text.Json.Nodes;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Tasks.Translation;

namespace Ashlar.Training.Tests;

/// <summary>From the files that a recipe names to pairs in tokens.</summary>
public sealed class TranslationDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-pairs-").FullName;

    public TranslationDataTests()
    {
        Write("zh.txt", "我喜欢茶\n你好\n茶\n");
        Write("en.txt", "I like tea\nhello\nthe tea is very very good\n");
        Write("pairs.tsv", "1\tI like tea\t我喜欢茶\n2\thello\t你好\n3\tthe tea is very very good\t茶\n");
        Write("pairs.jsonl", """
            {"zh": "我喜欢茶", "en": "I like tea"}
            {"zh": "你好", "en": "hello"}
            {"zh": "茶", "en": "the tea is very very good"}
            """);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("""{"data": {"format": "parallel-text", "train": ["zh.txt", "en.txt"], "validation": ["zh.txt", "en.txt"]}}""")]
    [InlineData("""{"data": {"format": "parallel-tsv", "train": ["pairs.tsv"], "validation": ["pairs.tsv"]}, "translation": {"sourceColumn": 2, "targetColumn": 1}}""")]
    [InlineData("""{"data": {"format": "parallel-jsonl", "train": ["pairs.jsonl"], "validation": ["pairs.jsonl"]}, "translation": {"sourceKey": "zh", "targetKey": "en"}}""")]
    public void Two_files_columns_and_json_lines_are_the_same_pairs(string recipe)
    {
        TranslationData data = Prepare(recipe, new() { ["sourceTokenizer"] = new JsonObject { ["kind"] = "character" } });
        Assert.Equal(["我喜欢茶", "你好", "茶"], data.ValidationText.Select(pair => pair.Source));
        Assert.Equal(["I like tea", "hello", "the tea is very very good"], data.ValidationText.Select(pair => pair.Target));
        Assert.Equal([4 + 1, 2 + 1, 1 + 1], data.Train.Select(pair => pair.Source.Length)); // characters and the end
        Assert.Equal([3, 1, 6], data.Train.Select(pair => pair.Target.Length));
        Assert.False(data.Vocabularies.AreShared);
        Assert.Null(data.Vocabularies.Source.TokenToId("tea"));
    }

    [Fact]
    public void Long_and_unequal_pairs_are_left_out_of_training_and_never_of_validation()
    {
        const string Files = """{"data": {"format": "parallel-text", "train": ["zh.txt", "en.txt"], "validation": ["zh.txt", "en.txt"]}}""";
        JsonObject characters = new() { ["sourceTokenizer"] = new JsonObject { ["kind"] = "character" } };
        foreach ((string key, double value, int[] kept) in ((string, double, int[])[])[("maximumSourceLength", 3, [3, 2]), ("maximumTargetLength", 5, [5, 3]), ("maximumRatio", 2.5, [5, 3])])
        {
            JsonObject filter = characters.DeepClone().AsObject();
            filter[key] = value;
            TranslationData data = Prepare(Files, filter);
            Assert.Equal(kept, data.Train.Select(pair => pair.Source.Length));
            Assert.Equal((1, 3), (data.Dropped, data.Validation.Count));
        }

        characters["maximumSourceLength"] = 1;
        characters["maximumTargetLength"] = 2;
        Assert.Contains("no training pair passes the length filter (3 were left out)", Assert.Throws<InvalidDataException>(() => Prepare(Files, characters)).Message);
    }

    [Fact]
    public void One_model_for_both_directions_reads_which_way_to_go()
    {
        TranslationData data = Prepare(
            """{"data": {"format": "parallel-text", "train": ["zh.txt", "en.txt"], "validation": ["zh.txt", "en.txt"]}}""",
            new() { ["direction"] = "zh-en", ["tags"] = "target", ["bothDirections"] = true });
        Assert.True(data.Vocabularies.AreShared);
        Assert.Equal(6, data.Train.Count);
        int english = data.Vocabularies.Source.TokenToId("<2en>")!.Value, chinese = data.Vocabularies.Source.TokenToId("<2zh>")!.Value;
        Assert.Equal([english, english, english, chinese, chinese, chinese], data.Train.Select(pair => pair.Source[0]));
        Assert.Equal(data.Train[0].Target, data.Train[3].Source[1..^1]); // "I like tea" there and back
        Assert.Equal(new TranslationDirection("en", "zh"), data.ValidationText[3].Direction);
    }

    private TranslationData Prepare(string recipe, JsonObject translation)
    {
        JsonObject json = JsonNode.Parse(recipe)!.AsObject();
        json["name"] = "pairs";
        json["task"] = "translation";
        json["tokenizer"] = new JsonObject { ["kind"] = "word-level", ["vocabularySize"] = 100 };
        json["model"] = new JsonObject { ["architecture"] = "seq2seq", ["width"] = 8, ["tieEmbeddings"] = false };
        JsonObject all = json["translation"]?.AsObject() ?? [];
        foreach ((string key, JsonNode? value) in translation)
            all[key] = value?.DeepClone();
        json["translation"] = all.DeepClone();
        return TranslationData.Prepare(RecipeFile.Read(json, "pairs.json"), new TrainerOptions { RecipeFolder = _folder, OutputDirectory = _folder }, null);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
