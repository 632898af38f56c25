namespace Ashlar.Cli.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("'frobnicate' is not a verb; the verbs are tour, train", "frobnicate")]
    [InlineData("nowhere.json: no such recipe", "train", "nowhere.json")]
    [InlineData("nowhere: no such directory", "generate", "nowhere")]
    [InlineData("nowhere: no such directory", "chat", "nowhere")]
    [InlineData("nowhere.txt: no such file", "eval", "nowhere", "--data", "nowhere.txt")]
    [InlineData("no such tokenizer", "tokenizer", "encode", "nowhere.json")]
    [InlineData("nowhere.safetensors: no such file", "inspect", "nowhere.safetensors")]
    [InlineData("no recipe.json", "report", "nowhere")]
    [InlineData("'--unknown' is not an option of 'ashlar generate'", "generate", "x", "--unknown")]
    public void A_users_mistake_is_one_sentence_and_exit_code_2(string words, params string[] arguments)
    {
        StringWriter output = new(), error = new();
        Assert.Equal(2, CommandLine.Run(arguments, output, error));
        string[] lines = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("ashlar: ", lines[0]);
        Assert.Contains(words, lines[0]);
        Assert.DoesNotContain("   at ", error.ToString());
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public void Help_names_every_verb()
    {
        StringWriter output = new();
        Assert.Equal(0, CommandLine.Run(["--help"], output, new StringWriter()));
        foreach (string verb in (string[])["tour", "train", "generate", "chat", "eval", "tokenizer", "inspect", "report"])
            Assert.Contains($"  {verb}", output.ToString());
    }
}
