using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ashlar.Tests;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tests;

/// <summary>What is wrong with a translation recipe is said before any text is read, in the recipe's own words.</summary>
public sealed class TranslationRulesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-rules-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("seq2seq", "translation.direction=zh", "translation.direction is zh; expected two language codes such as zh-en.")]
    [InlineData("seq2seq", "translation.lengthPenalty=-5", "translation.lengthPenalty is -5; expected between 0 and 10.")]
    [InlineData("seq2seq", "data.exclude=[\"a\"]", "data.exclude is 1 files; expected none")]
    [InlineData("seq2seq", "model.seq2seq.cell=qrnn", "model.seq2seq.cell is qrnn; expected rnn-tanh, rnn-relu, lstm or gru.")]
    [InlineData("seq2seq", "model.seq2seq.attention=foo", "model.seq2seq.attention is foo; expected none, bahdanau, luong-dot, luong-general, luong-concat or gnmt.")]
    [InlineData("seq2seq", "model.seq2seq.bridge=foo", "model.seq2seq.bridge is foo; expected zero, copy or dense.")]
    [InlineData("seq2seq", "model.seq2seq.pooling=foo", "model.seq2seq.pooling is foo; expected last, mean, first-last-mean, mean-last-n, sum or max.")]
    [InlineData("seq2seq", "model.seq2seq.poolingCount=0", "model.seq2seq.poolingCount is 0; expected a whole number of at least 1.")]
    [InlineData("seq2seq", "model.seq2seq.embeddingDeviation=0", "model.seq2seq.embeddingDeviation is 0; expected above 0 and at most 10.")]
    [InlineData("transformer", "model.seq2seq.embeddingDeviation=1", "model.seq2seq.embeddingDeviation is 1; expected it left out (0.1)")]
    [InlineData("seq2seq", "model.seq2seq.inputFeeding=true", "model.seq2seq.inputFeeding is true; expected false, because model.seq2seq.attention is none")]
    [InlineData("seq2seq", "model.seq2seq.bridge=zero", "model.seq2seq.bridge is zero; expected dense or copy, or model.seq2seq.feedSentence")]
    [InlineData("seq2seq", "model.seq2seq.attention=gnmt", "model.seq2seq.decoderLayers is 1; expected at least 2")]
    [InlineData("seq2seq", "model.seq2seq.bridge=copy model.seq2seq.encoderWidth=16", "model.width is 130; expected the width of encoder layer 0's state (16)")]
    [InlineData("seq2seq", "model.tieEmbeddings=true", "model.tieEmbeddings is true; expected false, or model.seq2seq.embeddingWidth (256) equal to the width that is projected (130).")]
    [InlineData("seq2seq", "model.seq2seq.bridge=copy model.seq2seq.pooling=max", "model.seq2seq.pooling is max; expected model.seq2seq.bridge dense or model.seq2seq.feedSentence with it")]
    [InlineData("seq2seq", "model.seq2seq.attentionWidth=8", "model.seq2seq.attentionWidth is 8; expected 0, because model.seq2seq.attention is none")]
    [InlineData("seq2seq", "model.outputDropout=0.5", "model.outputDropout is 0.5; expected it left out (null), because model.architecture is seq2seq, which does not read it.")]
    [InlineData("seq2seq", "model.embeddingWidth=8", "model.embeddingWidth is 8")]
    [InlineData("seq2seq", "model.contextLength=64", "model.contextLength is 64")]
    [InlineData("seq2seq", "model.transformer.preNorm=true", "model.transformer.preNorm is true")]
    [InlineData("transformer", "model.seq2seq.attention=bahdanau", "model.seq2seq.attention is \"bahdanau\"; expected it left out (\"none\"), because model.architecture is transformer")]
    [InlineData("transformer", "model.layerDropout=0.1", "model.layerDropout is 0.1")]
    [InlineData("transformer", "model.ropeTheta=500", "because model.architecture is transformer with sinusoidal positions")]
    [InlineData("transformer", "model.transformer.decoderHeads=3", "model.transformer.decoderHeads is 3; expected a divisor of model.width (128).")]
    [InlineData("transformer", "model.transformer.positions=rotary model.heads=128", "model.heads is 128; expected one that makes the width of a head (1) even, because model.transformer.positions is rotary.")]
    [InlineData("transformer", "model.width=129 model.heads=3", "model.width is 129; expected an even number, because model.transformer.positions is sinusoidal.")]
    [InlineData("seq2seq", "model.seq2seq.attention=luong-dot model.seq2seq.bidirectional=true", "model.width is 130; expected the width of the encoder's outputs (260), because model.seq2seq.attention is luong-dot.")]
    [InlineData("seq2seq", "model.seq2seq.bridge=copy model.seq2seq.decoderLayers=2", "model.seq2seq.decoderLayers is 2; expected as many as model.layers (1), because model.seq2seq.bridge is copy.")]
    [InlineData("seq2seq", "model.seq2seq.feedSentence=true model.seq2seq.attention=bahdanau", "model.seq2seq.feedSentence is true; expected false, because model.seq2seq.attention is bahdanau.")]
    [InlineData("generated", "data.train=[\"a.tsv\"]", "data.train is 1 file; expected none, because data.format makes its own sequences.")]
    public void A_mistake_is_named_by_its_key(string kind, string sets, string words) =>
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => Load(kind, sets)).Message);

    [Fact]
    public void What_an_architecture_reads_may_be_set()
    {
        Assert.Equal(130, Load("seq2seq", "").Model.Width); // a multiple of no number of heads
        Load("transformer", "model.transformer.positions=rotary model.ropeTheta=500 model.contextLength=64");
        Load("seq2seq", "model.seq2seq.pooling=mean-last-n model.seq2seq.poolingCount=5");
        // As a run writes its recipe down, every key in it.
        string written = Path.Combine(_folder, "written.json");
        File.WriteAllText(written, RecipeFile.Write(Load("seq2seq", "")));
        Assert.Equal(130, RecipeFile.Load(written).Model.Width);
    }

    [Fact]
    public void What_the_pooling_recipe_tells_to_set_can_be_set()
    {
        string path = Path.Combine(SharedData.RepositoryRoot, "recipes", "pooling.json");
        string told = RecipeFile.Load(path).Description;
        foreach (string pooling in (string[])["last", "mean", "first-last-mean", "mean-last-n", "sum", "max"])
        {
            Assert.Contains(pooling, told);
            Assert.Equal(pooling, RecipeFile.Load(path, [$"model.seq2seq.pooling={pooling}"]).Model.Seq2seq.Pooling);
        }

        string[] attention = [.. Regex.Matches(told, "--set ([^ ]+)").Select(match => match.Groups[1].Value).Skip(1)];
        Assert.Equal(2, attention.Length);
        Assert.Equal("bahdanau", RecipeFile.Load(path, attention).Model.Seq2seq.Attention);
    }

    private Recipe Load(string kind, string sets)
    {
        string path = Path.Combine(_folder, "rules.json");
        bool generated = kind == "generated";
        File.WriteAllText(path, new JsonObject
        {
            ["name"] = "rules",
            ["task"] = "translation",
            ["data"] = generated
                ? new JsonObject { ["format"] = "generated-copy", ["train"] = new JsonArray() }
                : new JsonObject { ["format"] = "parallel-tsv", ["train"] = new JsonArray("none.tsv") },
            ["model"] = kind == "seq2seq"
                ? new JsonObject { ["architecture"] = "seq2seq", ["width"] = 130, ["layers"] = 1, ["tieEmbeddings"] = false }
                : new JsonObject { ["architecture"] = "transformer" },
        }.ToJsonString());
        return RecipeFile.Load(path, sets.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
