using Ashlar.Cli.Tests.Translation;

namespace Ashlar.Cli.Tests.Process;

/// <summary>A user's mistake, made to the real command: one sentence on the error stream, nothing else, exit code 2.</summary>
public sealed class MistakeTests : IDisposable
{
    private readonly SmallRun _run = new(checkpointEvery: 1_000_000);

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("'frobnicate' is not a verb; the verbs are tour, train", "frobnicate")]
    [InlineData("'ashlar' needs a verb; the verbs are tour, train")]
    [InlineData("'--frobnicate' is not an option of 'ashlar generate'; 'ashlar generate --help'", "generate", "--frobnicate")]
    [InlineData("'--frobnicate' is not an option of 'ashlar tokenizer train'", "tokenizer", "train", "x", "--frobnicate")]
    [InlineData("'melt' is not a verb; the verbs are train, encode, decode, inspect", "tokenizer", "melt")]
    [InlineData("'two' is one word too many for 'ashlar generate'", "generate", "one", "two")]
    [InlineData("Required argument 'MODEL' missing for command", "generate")]
    [InlineData("'x'", "generate", "model", "--tokens", "x")]
    [InlineData("Must be one of: 'safetensors' 'arpa' 'ngram'; 'ashlar convert --help'", "convert", "model", "--to", "onnx")]
    public void Of_the_command_line(string words, params string[] arguments) => OneSentence(CliProcess.Run(arguments), words);

    [Theory]
    [InlineData("model.layerz is not a key of a recipe; did you mean model.layers?", "model.layerz=4")]
    [InlineData("training.steps is \"many\"; expected a whole number", "training.steps=many")]
    [InlineData("optimizer.kind is \"adam\"; expected one of adamw, muon, sgd", "optimizer.kind=adam")]
    [InlineData("nowhere.txt names no file", "data.train=[\"nowhere.txt\"]")]
    [InlineData("binary.txt: not UTF-8 at byte 3", "data.train=[\"binary.txt\"]")]
    public void Of_a_recipe_or_its_corpus(string words, string set)
    {
        File.WriteAllBytes(_run.PathOf("binary.txt"), [.. "abc"u8, 0xff, 0xfe]);
        OneSentence(CliProcess.Run(["train", _run.Recipe, "--set", set, "--output", _run.PathOf("never")]), words);
        Assert.False(Directory.Exists(_run.PathOf("never")));
    }

    [Fact]
    public void Of_a_recipe_that_is_not_there_or_not_JSON()
    {
        OneSentence(CliProcess.Run(["train", _run.PathOf("no.json")]), "no.json: no such recipe");
        File.WriteAllText(_run.PathOf("torn.json"), "{ \"name\": ");
        OneSentence(CliProcess.Run(["train", _run.PathOf("torn.json")]), "torn.json: not JSON");
    }

    [Fact]
    public void Of_a_device_that_is_not_there() => OneSentence(
        CliProcess.Run(["train", _run.Recipe, "--output", _run.PathOf("never"), "--device", "gpu"]), "Device 'gpu' is unknown; expected cpu, cuda, cuda:N or mps");

    [Fact]
    public void Of_a_checkpoint_that_was_cut_short()
    {
        string model = _run.PathOf("model");
        (int exitCode, _, string error) = CliProcess.Run(["train", _run.Recipe, "--set", "training.steps=1", "--output", model]);
        Assert.True(exitCode == 0, error);
        // A folder may well be called so; "--" says it.
        OneSentence(CliProcess.Run(["generate", "--", "--frobnicate"]), "--frobnicate: no such directory");
        string weights = Path.Combine(model, "model.safetensors");
        byte[] whole = File.ReadAllBytes(weights);
        foreach (int length in (int[])[0, 7, 100, whole.Length - 1])
        {
            File.WriteAllBytes(weights, whole[..length]);
            OneSentence(CliProcess.Run(["generate", model]), "model.safetensors: ");
        }

        File.WriteAllBytes(weights, whole);
        (exitCode, string output, error) = CliProcess.Run(["generate", model, "--prompt", "the", "--tokens", "3"]);
        Assert.True(exitCode == 0 && output.Length > 0, error);
    }

    [Fact]
    public void A_missing_or_corrupt_libtorch_is_said_so()
    {
        string[] train = ["train", _run.Recipe, "--output", _run.PathOf("never")];
        string folder = _run.PathOf("torch");
        Directory.CreateDirectory(folder);
        OneSentence(CliProcess.Run(train, ("ASHLAR_LIBTORCH", folder)), folder);
        OneSentence(CliProcess.Run(train, ("ASHLAR_LIBTORCH", null), ("NUGET_PACKAGES", folder)), "libtorch is not installed");
        foreach (string library in (string[])["c10", "torch_cpu", "torch"])
        {
            string name = OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";
            File.WriteAllText(Path.Combine(folder, name), "not a library");
        }

        OneSentence(CliProcess.Run(train, ("ASHLAR_LIBTORCH", folder)), "can't be loaded");
        Assert.False(Directory.Exists(_run.PathOf("never")));
    }

    [Fact]
    public void What_needs_no_training_needs_no_libtorch()
    {
        TranslationFolder.Transformer(_run.PathOf("model"));
        (int exitCode, string output, string error) = CliProcess.Run(["translate", _run.PathOf("model"), "--input", Lines()], ("ASHLAR_LIBTORCH", _run.PathOf("nowhere")));
        Assert.True(exitCode == 0, error);
        Assert.Single(output.TrimEnd('\n').Split('\n'));
    }

    private string Lines()
    {
        File.WriteAllText(_run.PathOf("lines"), "abc\n");
        return _run.PathOf("lines");
    }

    private static void OneSentence((int ExitCode, string Output, string Error) result, string words)
    {
        Assert.Equal(2, result.ExitCode);
        string line = Assert.Single(result.Error.TrimEnd('\n', '\r').Split('\n'));
        Assert.StartsWith("ashlar: ", line);
        Assert.Contains(words, line);
        Assert.Equal("", result.Output);
    }
}
