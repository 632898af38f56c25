using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Inference.Translation;
using Ashlar.Tokenizers;

namespace Ashlar.Benchmarks.Translation;

/// <summary>
/// What a decoding benchmark translates with: a trained model, or one of random weights whose translations are as long as their
/// sources, so that the work does not depend on the draw.
/// </summary>
internal sealed class DecodingModel : IDisposable
{
    private readonly ITensorSource _weights;

    private DecodingModel(TransformerConfiguration configuration, ITensorSource weights, TranslationVocabularies vocabularies, bool random)
    {
        (Configuration, _weights, Vocabularies, IsRandom) = (configuration, weights, vocabularies, random);
    }

    public TransformerConfiguration Configuration { get; }

    public TranslationVocabularies Vocabularies { get; }

    public ITensorSource Weights => _weights;

    public bool IsRandom { get; }

    public static DecodingModel Trained(string folder) => new(
        TransformerConfiguration.Load(Path.Combine(folder, "config.json")),
        SafetensorsFile.Open(Path.Combine(folder, "model.safetensors")),
        TranslationVocabularies.Load(folder),
        random: false);

    public static DecodingModel Random(TransformerConfiguration configuration)
    {
        Random random = new(3);
        MemoryTensorSource weights = new("random weights");
        foreach (TensorDescription tensor in TransformerTensors.Of(configuration))
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, size) => product * size)];
            bool norm = tensor.Name.Contains("layer_norm", StringComparison.Ordinal);
            double spread = tensor.Shape.Count == 1 || tensor.Shape[0] == 1 ? 0.02 : 1.5 / Math.Sqrt(configuration.Width);
            for (int i = 0; i < values.Length; i++)
                values[i] = norm && tensor.Name.EndsWith("weight", StringComparison.Ordinal) ? 1 : (float)(spread * Normal());
            weights.Add(tensor.Name, tensor.Shape, values);
        }

        Tokenizer words = ListedVocabulary.Words(
            ["<pad>", "<s>", "</s>", "<unk>", .. Enumerable.Range(4, configuration.TargetVocabularySize - 4).Select(Word)], "<unk>", ["<pad>", "<s>", "</s>", "<unk>"]);
        return new(configuration, weights, new TranslationVocabularies(words, words), random: true);

        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    /// <summary>The managed runtime.</summary>
    public Translator Runtime(int threads) => new(TransformerGraph.Load(Configuration, Weights, threads), Vocabularies);

    /// <summary>How both sides translate.</summary>
    public TranslationOptions Options(int beams, int batch)
    {
        TranslationOptions options = new() { BatchSize = batch };
        // Translations only: neither side's greedy decoding computes probabilities.
        options = options with { Search = options.Search with { BeamCount = beams, KeepScores = false } };
        return IsRandom
            ? options with { LengthFactor = 1, LengthAllowance = 1, Search = options.Search with { SuppressedIds = [Configuration.Format.EndId] } }
            : options;
    }

    /// <summary>Sentences for random weights: lengths like those of image captions in word pieces, 13.7 on average.</summary>
    public string[] Sentences(int count)
    {
        Random random = new(5);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            // The sum of three exponentials has about the spread of the lengths of captions.
            double sum = Enumerable.Range(0, 3).Sum(_ => -Math.Log(1 - random.NextDouble()));
            int length = Math.Clamp((int)Math.Round(4 + ((13.7 - 4) * sum / 3)), 4, 40);
            return Sentence(random, length);
        })];
    }

    /// <summary>Words drawn from the vocabulary of random weights.</summary>
    public string Sentence(Random random, int length) =>
        string.Join(' ', Enumerable.Range(0, length).Select(_ => Word(random.Next(4, Configuration.SourceVocabularySize))));

    /// <summary>Writes a folder that <c>ashlar translate</c> reads.</summary>
    public void Save(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), Configuration.ToJson().ToJsonString());
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. TransformerTensors.Of(Configuration).Select(tensor =>
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, size) => product * size)];
            _weights.ReadFloat32(tensor.Name, values);
            return SafetensorsEntry.Float32(tensor.Name, tensor.Shape, values);
        })]);
        Vocabularies.Save(folder);
    }

    public void Dispose() => _weights.Dispose();

    private static string Word(int id) => $"w{id}";
}
