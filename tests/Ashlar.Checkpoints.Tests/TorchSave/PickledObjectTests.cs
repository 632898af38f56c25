using Ashlar.Checkpoints.TorchSave;
using Ashlar.Tests;

namespace Ashlar.Checkpoints.Tests.TorchSave;

public sealed class PickledObjectTests : IDisposable
{
    private readonly TemporaryFile _files = new();

    public void Dispose() => _files.Dispose();

    // {"w": tensor, "vocab": Vocab with {"itos": ["a"], "freqs": Counter({"a": 3})}, "run": os.system("touch pwned")}
    private static byte[] Archive { get; } = PickleBytes.Zip(
        new PickleBytes().Op('}').Op('(')
            .Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1])
            .Text("vocab").Global("torchtext.vocab", "Vocab").Op(')').Raw(0x81)
            .Op('}').Op('(')
            .Text("itos").Op(']').Text("a").Op('a')
            .Text("freqs").Global("collections", "Counter").Op(')').Op('R').Text("a").Int(3).Op('s')
            .Op('u').Op('b')
            .Text("run").Global("os", "system").Text("touch pwned").Raw(0x85).Op('R')
            .Op('u').Done(),
        [("0", PickleBytes.Floats(8, 9))]);

    [Fact]
    public void Objects_pass_as_what_they_carry_and_nothing_runs()
    {
        File.WriteAllBytes(_files["model.pt"], Archive);
        using TorchArchive archive = TorchArchive.OpenWithObjects(_files["model.pt"]);
        Assert.Equal(["w"], archive.Names);
        PickleDictionary root = Assert.IsType<PickleDictionary>(archive.Root);
        PickleObject vocabulary = Assert.IsType<PickleObject>(root.Items[1].Value);
        Assert.Equal("torchtext.vocab.Vocab", vocabulary.Class);
        Assert.Equal(["a"], Assert.IsType<PickleList>(vocabulary.State.Items[0].Value).Items);
        Assert.Equal("os.system", Assert.IsType<PickleObject>(root.Items[2].Value).Class);
        Assert.False(File.Exists("pwned"));
    }

    [Fact]
    public void Elsewhere_they_are_refused_as_before()
    {
        File.WriteAllBytes(_files["model.pt"], Archive);
        Assert.Contains("torchtext.vocab.Vocab", Assert.Throws<InvalidDataException>(() => TorchArchive.Open(_files["model.pt"])).Message);
    }
}
