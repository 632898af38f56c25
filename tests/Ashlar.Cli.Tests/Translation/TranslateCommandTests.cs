using System.Text.Json.Nodes;
using System.Xml.Linq;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Translation;

namespace Ashlar.Cli.Tests.Translation;

public sealed class TranslateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-translate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_gives_line_by_line_what_each_line_gives_alone()
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model);
        Random random = new(1);
        string[] lines = [.. Enumerable.Range(0, 40).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => (char)('a' + random.Next(8)))))];
        lines[7] = "";
        string input = Write("in.txt", string.Join('\n', lines) + "\n");
        (int code, string output, string error) = Run("translate", model, "--input", input, "--beam", "3", "--window", "16", "--threads", "1");
        Assert.Equal(0, code);
        Assert.StartsWith("40 lines in ", error);
        string[] translated = output.Split('\n')[..^1];
        Assert.Equal(40, translated.Length);
        Assert.Equal("", translated[7]);
        using LoadedTranslator loaded = LoadedTranslator.Load(model, 1);
        TranslationOptions options = new() { Search = new() { BeamCount = 3, LengthPenalty = 1, Normalization = LengthNormalization.Google, MaxTokens = 256 } };
        for (int i = 0; i < lines.Length; i++)
            Assert.Equal(loaded.Translator.Translate(lines[i], options, TestContext.Current.CancellationToken).Text, translated[i]);
        Assert.Contains(translated, line => line.Length > 0);
    }

    [Fact]
    public void Several_translations_and_their_alignments()
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model);
        string input = Write("in.txt", "abc\nxyz\nfed\n");
        string alignments = Path.Combine(_folder, "links.jsonl");
        string translations = Path.Combine(_folder, "out.txt");
        (int code, string output, string error) = Run("translate", model, "-i", input, "-o", translations, "--beam", "4", "--n-best", "2", "--alignments", alignments);
        Assert.Equal((0, ""), (code, output));
        // 'x' is not in the vocabulary: a bad line is reported and passed over.
        Assert.Contains("in.txt: line 2: the line cannot be encoded", error);
        Assert.Equal(["1", "1", "2", "3", "3"], File.ReadLines(translations).Select(line => line[..1]));
        JsonObject[] links = [.. File.ReadLines(alignments).Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.Equal(5, links.Length);
        Assert.Equal(["a", "b", "c", "</s>"], links[0]["source"]!.AsArray().Select(token => (string?)token));
        Assert.Equal(links[0]["target"]!.AsArray().Count, links[0]["attention"]!.AsArray().Count);
        foreach (JsonNode? row in links[0]["attention"]!.AsArray())
            Assert.Equal(1, row!.AsArray().Sum(weight => (double)weight!), 1e-3);

        (code, _, error) = Run("translate", model, "-i", input, "-o", Path.Combine(_folder, "strict.txt"), "--strict");
        Assert.Equal(2, code);
        Assert.Contains("line 2: the line cannot be encoded", error);
        Assert.False(File.Exists(Path.Combine(_folder, "strict.txt")));
    }

    [Fact]
    public void One_model_serves_several_directions_by_its_tags()
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model, SourceTags.Target);
        string input = Write("in.txt", "abcdefgh\nhgfedcba\n");
        string there = Run("translate", model, "-i", input, "--direction", "zh-en", "--n-best", "5").Output;
        string back = Run("translate", model, "-i", input, "--direction", "en-zh", "--n-best", "5").Output;
        Assert.NotEqual(there, back);
        Assert.Contains("language tags", Run("translate", model, "-i", input, "--strict").Error);
        Assert.Contains("no token '<2fr>'", Run("translate", model, "-i", input, "--direction", "en-fr", "--strict").Error);
    }

    // What a model reads in use is what it read in training.
    [Theory]
    [InlineData(SourceTags.None, false)]
    [InlineData(SourceTags.Target, true)]
    [InlineData(SourceTags.SourceAndTarget, false)]
    public void The_encoder_of_use_agrees_with_the_encoder_of_training(SourceTags tags, bool reverse)
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model, tags, reverse);
        using LoadedTranslator loaded = LoadedTranslator.Load(model, 1);
        ParallelEncoder training = new(TranslationFolder.Letters) { SourceEnd = 10, Tags = (LanguageTags)(int)tags, ReverseSource = reverse };
        Assert.Equal(training.EncodeSource("abca", new("zh", "en")), loaded.Translator.Encode("abca", new() { SourceLanguage = "zh", TargetLanguage = "en" }));
    }

    [Fact]
    public void A_model_is_scored_by_what_it_writes()
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model);
        string source = Write("source.txt", "abc\nfedcb\nhag\n");
        string own = Path.Combine(_folder, "own.txt");
        Assert.Equal(0, Run("translate", model, "-i", source, "-o", own).Code);
        string kept = Path.Combine(_folder, "kept.txt");
        (int code, string output, string error) = Run("eval", model, "--task", "translation", "--source", source, "--references", own, "--translations", kept);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("exact match = 100.00", output);
        Assert.Equal(File.ReadAllText(own), File.ReadAllText(kept));
        Assert.Contains("exact match = 0.00", Run("eval", model, "--task", "translation", "--source", source, "--references", Write("other.txt", "x\ny\nz\n")).Output);
        Assert.Contains("--source is missing", Run("eval", model, "--task", "translation", "--references", own).Error);
        Assert.Contains("one of the two", Run("eval", model, "--task", "translation", "--source", source, "--hypotheses", own, "--references", own).Error);
    }

    [Fact]
    public void Mistakes_are_one_sentence()
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Recurrent(model, RecurrentAttention.None);
        string input = Write("in.txt", "abc\n");
        foreach ((string words, string[] arguments) in new (string, string[])[]
        {
            ("nowhere: no such directory", ["nowhere", "-i", input]),
            ("nowhere.txt: no such file", [model, "-i", "nowhere.txt"]),
            ("n-best is 6; expected from 1 to the beam (5)", [model, "-i", input, "--n-best", "6"]),
            ("without attention", [model, "-i", input, "--alignments", Path.Combine(_folder, "x")]),
            ("beam is 0", [model, "-i", input, "--beam", "0"]),
            ("--window is 0", [model, "-i", input, "--window", "0"]),
        })
        {
            (int code, _, string error) = Run(["translate", .. arguments]);
            Assert.Equal(2, code);
            Assert.Contains(words, error);
        }

        Assert.Contains("translates and does not continue", Assert.Throws<InvalidDataException>(() => LoadedModel.Load(model)).Message);
    }

    [Fact]
    public void The_report_draws_attention_beams_and_vectors()
    {
        string transformer = Path.Combine(_folder, "transformer"), recurrent = Path.Combine(_folder, "recurrent"), bahdanau = Path.Combine(_folder, "bahdanau");
        TranslationFolder.Transformer(transformer);
        TranslationFolder.Recurrent(recurrent, RecurrentAttention.None);
        TranslationFolder.Recurrent(bahdanau, RecurrentAttention.Bahdanau);

        string svg = Path.Combine(_folder, "a.svg");
        Assert.Equal((0, svg + "\n", ""), Run("report", transformer, "--attention", "abc", "--out", svg, "--layer", "2", "--head", "1"));
        Assert.Contains(XDocument.Load(svg).Descendants(), element => element.Value == "c");
        string png = Path.Combine(_folder, "a.png");
        Assert.Equal(0, Run("report", bahdanau, "--attention", "abc", "--out", png).Code);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(png)[..4]);
        Assert.Equal(0, Run("report", recurrent, "--attention", "abc", "--out", Path.Combine(_folder, "v.svg"), "--picture", "vectors").Code);
        Assert.Contains("first-last-mean", File.ReadAllText(Path.Combine(_folder, "v.svg")));
        Assert.Contains("last (this model", File.ReadAllText(Path.Combine(_folder, "v.svg")));

        Assert.Equal(0, Run("report", transformer, "--attention", "abc").Code);
        string page = File.ReadAllText(Path.Combine(transformer, "attention.html"));
        Assert.Contains("decoder to source, layer 2, head 2", page);
        Assert.Contains("encoder to itself, head 2", page);
        Assert.Contains("decoder to itself, layer 2, head 1", page);
        Assert.Contains("Beam search", page);
        Assert.DoesNotContain("as one vector", page);
        Assert.DoesNotContain("Beam search", Page(transformer, "--beam", "1"));
        Assert.Contains("as one vector", Page(recurrent));

        Assert.Equal(0, Run("report", transformer, "--attention", "abc", "--out", svg, "--picture", "decoder", "--layer", "2").Code);
        Assert.Contains(XDocument.Load(svg).Descendants(), element => element.Value == "<s>");
        Assert.Equal(0, Run("report", transformer, "--attention", "abc", "--out", svg, "--picture", "encoder").Code);
        Assert.DoesNotContain(XDocument.Load(svg).Descendants(), element => element.Value == "<s>");
        Assert.Contains("does not look at itself", Run("report", bahdanau, "--attention", "abc", "--out", svg, "--picture", "encoder").Error);
        Assert.Contains("layer 3 is not there", Run("report", transformer, "--attention", "abc", "--out", svg, "--layer", "3").Error);
        Assert.Contains("no attention to draw", Run("report", recurrent, "--attention", "abc", "--out", svg).Error);
        Assert.Contains("expected .html, .svg or .png", Run("report", recurrent, "--attention", "abc", "--out", "x.gif").Error);

        // The same picture of a sentence of the run's own report.
        Assert.Equal((0, svg + "\n", ""), Run("report", transformer, "--text", "abc", "--out", svg));
        Assert.Contains(XDocument.Load(svg).Descendants(), element => element.Value == "c");
        Assert.Contains("a picture shows one sentence", Run("report", transformer, "--text", "abc", "--text", "abd", "--out", svg).Error);
        Assert.Contains("a picture shows one sentence", Run("report", transformer, "--out", svg).Error);
        Assert.Contains("expected .html, .svg or .png", Run("report", transformer, "--text", "abc", "--out", "x.gif").Error);
    }

    private string Page(string model, params string[] more)
    {
        Assert.Equal(0, Run(["report", model, "--attention", "abc", .. more]).Code);
        return File.ReadAllText(Path.Combine(model, "attention.html"));
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = CommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
