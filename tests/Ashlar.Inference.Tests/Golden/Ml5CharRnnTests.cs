using System.IO.Compression;
using Ashlar.Checkpoints.Ml5;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Kernels;
using Ashlar.Tests;

namespace Ashlar.Inference.Tests.Golden;

/// <summary>The published character LSTMs of ml5.js over the texts of their authors.</summary>
public sealed class Ml5CharRnnTests
{
    // NumPy, over characters 1,000 to 13,000: 24 streams side by side from empty states, the first 50 steps of each not counted.
    [Theory]
    [InlineData("charlotte_bronte", 1.3744, "gutenberg-ml5", "bronte.txt.gz")]
    [InlineData("darwin", 1.6946, "gutenberg-ml5", "darwin.txt.gz")]
    [InlineData("dubois", 2.1796, "gutenberg-ml5", "dubois.txt.gz")]
    [InlineData("shakespeare", 1.8432, "tinyshakespeare", "input.txt")]
    [InlineData("zora_neale_hurston", 1.3078, "gutenberg-ml5", "zora_neale_hurston.txt.gz")]
    public void Costs_what_it_cost_in_numpy(string author, double natsPerCharacter, string folder, string file)
    {
        using Ml5CharRnn model = Ml5CharRnn.Load(SharedData.Require("ml5-charrnn", author));
        string text = Text(SharedData.Require(folder, file));
        Dictionary<string, int> ids = model.Characters.Select((character, id) => (character, id)).ToDictionary(pair => pair.character, pair => pair.id);
        int[] tokens = [.. text[1000..13_000].Select(c => c.ToString()).Where(ids.ContainsKey).Select(c => ids[c])];
        using RecurrentGraph graph = RecurrentGraph.Load(model.Configuration, model, threadCount: 1);

        const int Streams = 24, Skipped = 50;
        int length = tokens.Length / Streams, size = graph.VocabularySize;
        LanguageModelState[] states = [.. Enumerable.Range(0, Streams).Select(_ => graph.NewState())];
        float[] logits = new float[Streams * (length - 1) * size];
        graph.Advance(
            states,
            [.. Enumerable.Range(0, Streams).Select(s => (ReadOnlyMemory<int>)tokens.AsMemory(s * length, length - 1))],
            logits,
            LogitsSelection.All);
        double nats = 0;
        for (int stream = 0; stream < Streams; stream++)
        {
            for (int step = Skipped; step < length - 1; step++)
            {
                ReadOnlySpan<float> row = logits.AsSpan((stream * (length - 1) + step) * size, size);
                nats += LogSoftmax.LogSumExp(row) - row[tokens[stream * length + step + 1]];
            }
        }

        Assert.Equal(natsPerCharacter, nats / Streams / (length - 1 - Skipped), 1e-3);
    }

    private static string Text(string path)
    {
        using Stream file = File.OpenRead(path);
        using Stream content = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using StreamReader reader = new(content);
        return reader.ReadToEnd();
    }
}
