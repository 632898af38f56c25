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
        Assert.Contains("--direction is missing, and the model reads language tags", Run("translate", model, "-i", input).Error);
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
            ("--threads is -1; expected 0", [model, "-i", input, "--threads", "-1"]),
            ("--max-source-length is -5", [model, "-i", input, "--max-source-length", "-5"]),
            ("minimum length is 9; expected less than the maximum length (9)", [model, "-i", input, "--min-length", "9", "--max-length", "9"]),
            ("the prefix has 3 tokens", [model, "-i", input, "--prefix", "abc", "--max-length", "3"]),
            ("--coverage-penalty was asked of a model without attention", [model, "-i", input, "--coverage-penalty", "0.2"]),
            ("--top-k is not read without --sample", [model, "-i", input, "--top-k", "3"]),
            ("--seed is not read without --sample", [model, "-i", input, "--seed", "3"]),
            ("--beam is not read with --sample", [model, "-i", input, "--sample", "1", "--beam", "2"]),
            ("--diversity is not read without --beam-groups", [model, "-i", input, "--diversity", "1"]),
            ("--direction is not read by a model without language tags", [model, "-i", input, "--direction", "zh-en"]),
            ("--output is a folder; expected a file", [model, "-i", input, "-o", _folder]),
            ("--output is the file of --input", [model, "-i", input, "-o", input]),
            ("--alignments is the file of --output", [model, "-i", input, "-o", Path.Combine(_folder, "x"), "--alignments", Path.Combine(_folder, ".", "x")]),
        })
        {
            (int code, _, string error) = Run(["translate", .. arguments]);
            Assert.Equal(2, code);
            Assert.Contains(words, error);
        }

        Assert.Contains("translates and does not continue", Assert.Throws<InvalidDataException>(() => LoadedModel.Load(model)).Message);
    }

    // Each option changes what is found, and does so as the same search in the library.
    [Theory]
    [InlineData("--beam 3")]
    [InlineData("--length-penalty 0.3")]
    [InlineData("--coverage-penalty 0.7")]
    [InlineData("--min-length 6")]
    [InlineData("--max-length 3")]
    [InlineData("--max-length-ratio 0")]
    [InlineData("--no-repeat-ngram 2")]
    [InlineData("--beam-groups 3")]
    [InlineData("--beam-groups 3 --diversity 4")]
    [InlineData("--sample 0.7 --seed 5")]
    [InlineData("--sample 1 --seed 5")]
    [InlineData("--sample 1 --seed 5 --top-k 2")]
    [InlineData("--sample 1 --seed 5 --top-p 0.3")]
    [InlineData("--prefix ha")]
    public void Each_option_reaches_the_search(string arguments)
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model);
        string[] lines = ["abcdefgh", "hgfed", "ab"];
        string input = Write("in.txt", string.Join('\n', lines) + "\n");
        string[] words = arguments.Split(' ');
        TranslationOptions options = new()
        {
            BestCount = 3,
            Search = new() { BeamCount = 6, MaxTokens = 256, LengthPenalty = 1, Normalization = LengthNormalization.Google },
        };
        TranslationOptions plain = options;
        for (int i = 0; i < words.Length; i += 2)
            options = With(options, words[i], words[i + 1]);
        using LoadedTranslator loaded = LoadedTranslator.Load(model, 1);
        string expected = Told(options);
        Assert.NotEqual(Told(plain), expected);
        string[] beam = options.Sampling is null && words[0] != "--beam" ? ["--beam", "6"] : [];
        Assert.Equal((0, expected), Outcome(["translate", model, "-i", input, "--n-best", "3", "--threads", "1", .. beam, .. words]));

        string Told(TranslationOptions search) => string.Concat(loaded.Translator.Translate(lines, search, TestContext.Current.CancellationToken).SelectMany(
            (found, i) => found.Select(text => FormattableString.Invariant($"{i + 1} ||| {text.Text} ||| {text.Score:F4}\n"))));
    }

    private static TranslationOptions With(TranslationOptions options, string name, string text)
    {
        double value = double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double number) ? number : 0;
        BeamSearchOptions search = options.Search;
        SamplingOptions sampling = options.Sampling ?? new();
        return name switch
        {
            "--beam" => options with { Search = search with { BeamCount = (int)value } },
            "--length-penalty" => options with { Search = search with { LengthPenalty = value } },
            "--coverage-penalty" => options with { Search = search with { CoveragePenalty = value } },
            "--min-length" => options with { Search = search with { MinTokens = (int)value } },
            "--max-length" => options with { Search = search with { MaxTokens = (int)value } },
            "--max-length-ratio" => options with { LengthFactor = value },
            "--no-repeat-ngram" => options with { Search = search with { NoRepeatNGram = (int)value } },
            "--beam-groups" => options with { Search = search with { GroupCount = (int)value, DiversityPenalty = 0.5 } },
            "--diversity" => options with { Search = search with { DiversityPenalty = value } },
            "--sample" => options with { Sampling = sampling with { Temperature = value } },
            "--seed" => options with { Sampling = sampling with { Seed = (ulong)value } },
            "--top-k" => options with { Sampling = sampling with { TopK = (int)value } },
            "--top-p" => options with { Sampling = sampling with { TopP = value } },
            "--prefix" => options with { ForcedPrefix = text },
            _ => throw new ArgumentException(name),
        };
    }

    [Fact]
    public void An_empty_line_has_a_score_and_a_bad_one_has_none()
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model);
        string[] lines = Run("translate", model, "-i", Write("in.txt", "\nxyz\n"), "--n-best", "2").Output.Split('\n');
        Assert.Equal(["1 |||  ||| 0.0000", "2 |||  ||| ", ""], lines);
    }

    [Theory]
    [InlineData("The sequence would be 41 tokens long", "--attention", "LONG")]
    [InlineData("--text is not read with --attention", "--attention", "abc", "--text", "abc")]
    [InlineData("--beam is not read without --attention", "--beam", "4")]
    [InlineData("--layer is not read for an .html page", "--attention", "abc", "--layer", "1")]
    [InlineData("--head is not read with --picture beams", "--attention", "abc", "--picture", "beams", "--head", "1", "-o", "x.svg")]
    public void Mistakes_of_a_report_are_one_sentence(string words, params string[] arguments)
    {
        string model = Path.Combine(_folder, "model");
        TranslationFolder.Transformer(model);
        (int code, _, string error) = Run(["report", model, .. arguments.Select(word => word == "LONG" ? new string('a', 40) : word)]);
        Assert.Equal(2, code);
        Assert.Contains(words, Assert.Single(error.TrimEnd().Split('\n')));
    }

    private static (int Code, string Output) Outcome(string[] arguments)
    {
        (int code, string output, _) = Run(arguments);
        return (code, output);
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
