using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Cli.Tests.Translation;
using Ashlar.Inference;
using Ashlar.Kernels;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Cli.Tests;

public sealed class EvalCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-eval-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Lines_are_documents_of_their_own_or_one_stream_through_which_the_state_goes_on()
    {
        Tokenizer tokenizer = WordLevelTrainer.Train(["a b c d\ne f g h"], 100);
        int end = Assert.NotNull(tokenizer.SpecialTokens.EndOfText);
        RecurrentConfiguration configuration = new()
        {
            Cell = RecurrentCell.Lstm,
            VocabularySize = tokenizer.VocabularySize,
            EmbeddingWidth = 8,
            HiddenWidth = 8,
            LayerCount = 2,
            EndOfTextIds = [end],
        };
        TranslationFolder.Write(_folder, configuration.ToJson(), RecurrentTensors.Of(configuration));
        tokenizer.Save(_folder);
        string text = Path.Combine(_folder, "text.txt");
        File.WriteAllText(text, "a b c\nd e\nf g h a\n");

        using LoadedModel loaded = LoadedModel.Load(_folder);
        int[][] lines = [.. File.ReadLines(text).Select(line => (int[])[.. tokenizer.Encode(line), end])];
        Assert.Equal(Nats(loaded.Model, end, [[.. lines.SelectMany(line => line)]]), Measured("--stream"), 1e-4);
        Assert.Equal(Nats(loaded.Model, end, lines), Measured("--lines"), 1e-4);
        Assert.NotEqual(Measured("--lines"), Measured("--stream"), 1e-3);

        double Measured(string how)
        {
            StringWriter output = new(), error = new();
            Assert.Equal(0, CommandLine.Run(["eval", _folder, "--data", text, how, "--json"], output, error));
            JsonNode result = JsonNode.Parse(output.ToString())!;
            Assert.Equal(12, (int)result["tokenCount"]!);
            return (double)result["nats"]!;
        }
    }

    // Token by token, with nothing of what measures a text.
    private static double Nats(ILanguageModel model, int begin, int[][] documents)
    {
        double nats = 0;
        foreach (int[] document in documents)
        {
            using LanguageModelState state = model.NewState();
            float[] logits = new float[model.VocabularySize];
            int before = begin;
            foreach (int token in document)
            {
                model.Advance([state], [new[] { before }], logits, LogitsSelection.All);
                nats += LogSoftmax.LogSumExp(logits) - logits[token];
                before = token;
            }
        }

        return nats;
    }
}
