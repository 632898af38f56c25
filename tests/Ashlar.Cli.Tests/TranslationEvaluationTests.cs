using System.Text.Json.Nodes;

namespace Ashlar.Cli.Tests;

public sealed class TranslationEvaluationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-eval-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // sacreBLEU's published case.
    [Fact]
    public void Two_sets_of_references_give_the_published_score()
    {
        (int code, string output, string error) = Run("--json", "--hypotheses", Hypotheses, "--references", First, Second);
        Assert.Equal((0, ""), (code, error));
        JsonObject json = JsonNode.Parse(output)!.AsObject();
        Assert.Equal("detokenised", (string?)json["text"]);
        Assert.Equal(48.530827, (double)json["scores"]![0]!["score"]!, 1e-6);
        Assert.StartsWith("nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:", (string?)json["scores"]![0]!["signature"]);
    }

    [Fact]
    public void The_text_output_says_which_text_it_is()
    {
        Assert.StartsWith("detokenised text, 3 lines, 1 reference each\nBLEU|nrefs:1|case:lc|", Run("--lowercase", "--hypotheses", Hypotheses, "--references", First).Output);
        string tokenised = Run("--tokenized", "--hypotheses", Hypotheses, "--references", First).Output;
        Assert.StartsWith("tokenised text, 3 lines", tokenised);
        Assert.Contains("\ntokenised BLEU|nrefs:1|case:mixed|eff:no|tok:none|", tokenised);
    }

    [Fact]
    public void Sentences_are_scored_one_by_one()
    {
        string[] lines = Run("--sentences", "--hypotheses", Hypotheses, "--references", First).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Equal("line\tBLEU\tchrF2\tTER", lines[0]);
        Assert.Equal("1\t100.00\t100.00\t0.00", lines[1]);
        Assert.StartsWith("line\ttokenised BLEU\ttokenised chrF2\ttokenised TER\n", Run("--sentences", "--tokenized", "--hypotheses", Hypotheses, "--references", First).Output);
    }

    [Fact]
    public void Letter_case_is_left_out_of_every_score()
    {
        string[] files = ["--hypotheses", Write("upper", "A cat\nA dog\n"), "--references", Write("lower", "a cat\na dog\n")];
        Assert.Contains("\nexact match = 0.00", Run(files).Output);
        string output = Run(["--lowercase", .. files]).Output;
        foreach (string name in (string[])["exact match", "sentence accuracy", "token accuracy"])
            Assert.Contains($"\nlowercased {name} = 100.00", output);
    }

    [Theory]
    [InlineData("--smoothing-value is -3; expected 0 or more", "--smoothing", "floor", "--smoothing-value", "-3")]
    [InlineData("--smoothing-value is not read by --smoothing exp", "--smoothing-value", "1")]
    [InlineData("--json is not read with --sentences", "--json", "--sentences")]
    [InlineData("--translations is not read without a MODEL", "--translations", "x")]
    [InlineData("--beam is not read without a MODEL", "--beam", "4")]
    [InlineData("--window is not read with --task translation", "--window", "4")]
    public void Options_that_nothing_reads_are_refused(string words, params string[] arguments)
    {
        (int code, string output, string error) = Run([.. arguments, "--hypotheses", Hypotheses, "--references", First]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(words, error);
    }

    [Fact]
    public void Mistakes_are_one_sentence()
    {
        Assert.Contains("short: 1 lines, and", Run("--hypotheses", Hypotheses, "--references", Write("short", "x\n")).Error);
        Assert.Contains("--references is missing", Run("--hypotheses", Hypotheses).Error);
        Assert.Contains("--hypotheses is missing", Run("--references", First).Error);
        Assert.Contains("expected the BLEU tokenizer none", Run("--tokenized", "--bleu-tokenizer", "13a", "--hypotheses", Hypotheses, "--references", First).Error);
        Assert.Contains("'spm' is unknown", Run("--bleu-tokenizer", "spm", "--hypotheses", Hypotheses, "--references", First).Error);
    }

    private string Hypotheses => Write("hypotheses", "The dog bit the man.\nIt wasn't surprising.\nThe man had just bitten him.\n");

    private string First => Write("first", "The dog bit the man.\nIt was not unexpected.\nThe man bit him first.\n");

    private string Second => Write("second", "The dog had bit the man.\nNo one was surprised.\nThe man had bitten the dog.\n");

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = CommandLine.Run(["eval", "--task", "translation", .. arguments], output, error);
        return (code, output.ToString(), error.ToString());
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
