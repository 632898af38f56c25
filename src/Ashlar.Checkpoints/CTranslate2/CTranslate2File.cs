using System.Diagnostics.CodeAnalysis;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.CTranslate2;

/// <summary>
/// A Transformer in CTranslate2's format (version 2, 32-bit floats): <c>model.bin</c>, <c>source_vocabulary.txt</c> and
/// <c>target_vocabulary.txt</c>, or <c>shared_vocabulary.txt</c>. It is read as the pre-norm Transformer that it is, under the
/// names of <see cref="TransformerTensors"/>; its sinusoids, which begin at position 1 and have other wavelengths than the
/// published ones (those of Tensor2Tensor), become a table of positions.
/// </summary>
public sealed class CTranslate2File : ITensorSource
{
    private const int LongestText = 1024;

    private readonly MemoryTensorSource _tensors;

    private CTranslate2File(TransformerConfiguration configuration, MemoryTensorSource tensors, string[] source, string[] target) =>
        (Configuration, _tensors, SourceTokens, TargetTokens) = (configuration, tensors, source, target);

    /// <summary>The model's shape.</summary>
    public TransformerConfiguration Configuration { get; }

    /// <summary>Source tokens by id.</summary>
    public IReadOnlyList<string> SourceTokens { get; }

    /// <summary>Target tokens by id.</summary>
    public IReadOnlyList<string> TargetTokens { get; }

    /// <inheritdoc/>
    public string Source => _tensors.Source;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _tensors.Names;

    /// <summary>Whether a folder holds such a model.</summary>
    public static bool Recognizes(string folder) =>
        File.Exists(Path.Combine(folder, "model.bin"))
        && (File.Exists(Path.Combine(folder, "shared_vocabulary.txt")) || File.Exists(Path.Combine(folder, "target_vocabulary.txt")));

    /// <summary>Reads a folder.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or holds another kind of model or precision; the sentence says which.</exception>
    public static CTranslate2File Open(string folder)
    {
        string path = Path.Combine(folder, "model.bin");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected a CTranslate2 model.", path);
        string[] source = Vocabulary(folder, "source_vocabulary.txt"), target = Vocabulary(folder, "target_vocabulary.txt");
        try
        {
            CTranslate2Variables variables = CTranslate2Variables.Read(File.ReadAllBytes(path));
            TransformerConfiguration configuration = Describe(variables, source, target);
            configuration.Validate();
            return new(configuration, Convert(path, variables, configuration), source, target);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info) => _tensors.TryGet(name, out info);

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => _tensors.ReadFloat32(name, destination);

    /// <inheritdoc/>
    public void Dispose() => _tensors.Dispose();

    private static string[] Vocabulary(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
            path = Path.Combine(folder, "shared_vocabulary.txt");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{Path.Combine(folder, name)}: no such file; expected one token a line.", path);
        // Split at line feeds alone: a token may be any other kind of line end.
        string[] tokens = File.ReadAllText(path).TrimEnd('\n').Split('\n');
        return tokens.Contains("<unk>") ? tokens : [.. tokens, "<unk>"];
    }

    private static TransformerConfiguration Describe(CTranslate2Variables v, string[] source, string[] target)
    {
        int heads = v.Specification switch
        {
            "TransformerBase" => 8,
            "TransformerBig" => 16,
            _ => throw new InvalidDataException($"a model of kind '{v.Specification}'; expected TransformerBase or TransformerBig."),
        };
        (int[] sourceShape, _) = v["encoder/embeddings/weight"];
        (int[] targetShape, _) = v["decoder/embeddings/weight"];
        if (sourceShape is not [int sourceSize, int width] || sourceSize != source.Length)
            throw new InvalidDataException($"the encoder's embedding has shape [{string.Join(", ", sourceShape)}]; the source vocabulary has {source.Length} tokens.");
        if (targetShape is not [int targetSize, _] || targetSize != target.Length)
            throw new InvalidDataException($"the decoder's embedding has shape [{string.Join(", ", targetShape)}]; the target vocabulary has {target.Length} tokens.");
        return new TransformerConfiguration
        {
            SourceVocabularySize = sourceSize,
            TargetVocabularySize = targetSize,
            Width = width,
            EncoderLayerCount = Layers("encoder"),
            DecoderLayerCount = Layers("decoder"),
            EncoderHeadCount = heads,
            DecoderHeadCount = heads,
            EncoderFeedForwardWidth = v["encoder/layer_0/ffn/linear_0/bias"].Shape[0],
            DecoderFeedForwardWidth = v["decoder/layer_0/ffn/linear_0/bias"].Shape[0],
            MaximumLength = LongestText,
            Activation = TransformerActivation.Relu,
            PreNorm = true,
            Positions = PositionEncoding.Learned,
            NormEpsilon = 1e-6,
            ScaleEmbedding = true,
            TieProjection = false,
            Format = new TranslationFormat { PaddingId = Id("<blank>"), BeginId = Id("<s>"), EndId = Id("</s>") },
        };

        int Layers(string side) => Enumerable.Range(0, int.MaxValue).First(layer => !v.Has($"{side}/layer_{layer}/ffn/linear_0/bias"));

        int Id(string token) => Array.IndexOf(target, token) is >= 0 and var id
            ? id
            : throw new InvalidDataException($"the target vocabulary has no {token}.");
    }

    private static MemoryTensorSource Convert(string path, CTranslate2Variables v, TransformerConfiguration c)
    {
        MemoryTensorSource tensors = new(path);
        int width = c.Width;
        float[] positions = Positions(c.MaximumLength, width);
        foreach (string side in (string[])["encoder", "decoder"])
        {
            string stack = $"model.{side}.";
            (int[] shape, float[] table) = v[$"{side}/embeddings/weight"];
            tensors.Add(stack + "embed_tokens.weight", [shape[0], width], table);
            tensors.Add(stack + "embed_positions.weight", [c.MaximumLength, width], positions);
            Norm($"{side}/layer_norm", stack + "layer_norm");
            for (int layer = 0; layer < (side == "encoder" ? c.EncoderLayerCount : c.DecoderLayerCount); layer++)
            {
                string from = $"{side}/layer_{layer}/", to = $"{stack}layers.{layer}.";
                Norm(from + "self_attention/layer_norm", to + "self_attn_layer_norm");
                Linear(from + "self_attention/linear_0", to + "self_attn.", "q_proj", "k_proj", "v_proj");
                Linear(from + "self_attention/linear_1", to + "self_attn.", "out_proj");
                if (side == "decoder")
                {
                    Norm(from + "attention/layer_norm", to + "encoder_attn_layer_norm");
                    Linear(from + "attention/linear_0", to + "encoder_attn.", "q_proj");
                    Linear(from + "attention/linear_1", to + "encoder_attn.", "k_proj", "v_proj");
                    Linear(from + "attention/linear_2", to + "encoder_attn.", "out_proj");
                }

                Norm(from + "ffn/layer_norm", to + "final_layer_norm");
                Linear(from + "ffn/linear_0", to, "fc1");
                Linear(from + "ffn/linear_1", to, "fc2");
            }
        }

        tensors.Add("lm_head.weight", [c.TargetVocabularySize, width], v["decoder/projection/weight"].Values);
        tensors.Add("final_logits_bias", [1, c.TargetVocabularySize], v["decoder/projection/bias"].Values);
        return tensors;

        void Norm(string from, string to)
        {
            tensors.Add(to + ".weight", [width], v[from + "/gamma"].Values);
            tensors.Add(to + ".bias", [width], v[from + "/beta"].Values);
        }

        // Layers that lie one above the other in one variable.
        void Linear(string from, string to, params string[] parts)
        {
            (int[] shape, float[] weight) = v[from + "/weight"];
            float[] bias = v[from + "/bias"].Values;
            if (shape.Length != 2 || shape[0] % parts.Length != 0 || bias.Length != shape[0])
                throw new InvalidDataException($"variable {from} has shape [{string.Join(", ", shape)}] and a bias of {bias.Length}.");
            int rows = shape[0] / parts.Length;
            for (int i = 0; i < parts.Length; i++)
            {
                tensors.Add($"{to}{parts[i]}.weight", [rows, shape[1]], weight.AsMemory(i * rows * shape[1], rows * shape[1]));
                tensors.Add($"{to}{parts[i]}.bias", [rows], bias.AsMemory(i * rows, rows));
            }
        }
    }

    // Tensor2Tensor's timing signal: wavelengths in equal steps from the first to the last, positions from 1.
    private static float[] Positions(int length, int width)
    {
        int half = width / 2;
        float[] table = new float[length * width];
        for (int position = 0; position < length; position++)
        {
            for (int i = 0; i < half; i++)
            {
                double angle = (position + 1) * Math.Pow(10_000, -(double)i / Math.Max(1, half - 1));
                table[position * width + i] = (float)Math.Sin(angle);
                table[position * width + half + i] = (float)Math.Cos(angle);
            }
        }

        return table;
    }
}
