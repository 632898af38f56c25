using Ashlar.Checkpoints.Configurations;
using Ashlar.Cli.Tests.Translation;
using Ashlar.Tests;

namespace Ashlar.Cli.Tests;

public sealed class InspectCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-inspect-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Translation_models_are_described_and_their_tensors_listed()
    {
        string transformer = Path.Combine(_folder, "transformer"), recurrent = Path.Combine(_folder, "recurrent"), plain = Path.Combine(_folder, "plain");
        TranslationFolder.Transformer(transformer);
        TranslationFolder.Recurrent(recurrent, RecurrentAttention.Bahdanau);
        TranslationFolder.Recurrent(plain, RecurrentAttention.None);
        string output = Inspect(transformer);
        Assert.StartsWith("Transformer encoder-decoder: 1 + 2 layers, width 16, 2 + 2 heads, post-norm, vocabularies 15 and 15,", output);
        Assert.Contains("[15, 16]", output);
        Assert.Contains("model.decoder.layers.1.encoder_attn.q_proj.weight", output);
        Assert.StartsWith("gru encoder-decoder: 1 + 1 layers, width 8 both ways and 16, attention bahdanau, vocabularies 15 and 15,", Inspect(recurrent));
        Assert.Contains("one sentence vector (last)", Inspect(plain));
    }

    [Theory]
    [InlineData("opennmt-g2p-attention/test_model2.new.pt", "attention luong-general with input feeding", "decoder.")]
    [InlineData("ct2-aren-transliteration/v2-aren-transliteration", "Transformer encoder-decoder: ", "decoder.")]
    [InlineData("ml5-charrnn/darwin", "lstm: 2 layers, embedding 128, hidden 128, vocabulary 100, 289,892 parameters", "rnn.weight_hh_l1")]
    [InlineData("tinystories-gru/tinystoriesgru-0.2M.pt", "[288, 288]", "gru_cell.weight_ih")]
    public void Published_models_of_other_formats_are_listed(string path, string description, string tensor)
    {
        string output = Inspect(SharedData.Require(path.Split('/')));
        Assert.Contains(description, output);
        Assert.Contains(tensor, output);
    }

    [Fact]
    public void An_archive_that_asks_for_a_command_is_refused_in_one_sentence()
    {
        string path = Path.Combine(_folder, "model.pt");
        File.WriteAllBytes(path, PickleBytes.Zip(new PickleBytes().Global("os", "system").Op('(').Text("touch pwned").Op('t').Op('R').Done(), []));
        StringWriter output = new(), error = new();
        Assert.Equal(2, CommandLine.Run(["inspect", path], output, error));
        Assert.Contains("asks for os.system", error.ToString());
        Assert.Equal("", output.ToString());
    }

    private static string Inspect(string path)
    {
        StringWriter output = new(), error = new();
        Assert.Equal((0, ""), (CommandLine.Run(["inspect", path], output, error), error.ToString()));
        return output.ToString();
    }
}
