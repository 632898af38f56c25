using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Translation;

/// <summary>
/// The peer's model: the weights of a Marian checkpoint in TorchSharp's own operations, as its users write a decoder that is to be
/// fast. Queries, keys and values come from one product and go through the fused attention; keys and values of the source are
/// computed once and shared by a sentence's beams, those of the target once for each token.
/// </summary>
internal sealed class TorchTranslator : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TransformerConfiguration _configuration;
    private readonly Tensor _source, _target, _projection, _projectionBias, _positions;
    private readonly EncoderLayer[] _encoder;
    private readonly DecoderLayer[] _decoder;

    /// <param name="c">A post-norm Transformer with sinusoidal positions and ReLU.</param>
    /// <param name="weights">Its tensors.</param>
    public TorchTranslator(TransformerConfiguration c, ITensorSource weights)
    {
        if (!c.IsMarian || c.Activation != TransformerActivation.Relu)
            throw new InvalidDataException("The peer is a post-norm Transformer with sinusoidal positions and ReLU; the model is another.");
        _configuration = c;
        _source = Read(TransformerTensors.SourceEmbedding(c));
        _target = Read(TransformerTensors.TargetEmbedding(c));
        _projection = Read(TransformerTensors.Projection(c));
        _projectionBias = Read("final_logits_bias").view(-1);
        using (DisposeScope making = NewDisposeScope())
        {
            Tensor angles = arange(c.MaximumLength, ScalarType.Float32).unsqueeze(1) * pow(10_000, arange(0, c.Width, 2, ScalarType.Float32) / -c.Width);
            _positions = (cat([angles.sin(), angles.cos()], 1) / Scale).MoveToOuterDisposeScope();
        }

        _encoder = [.. Enumerable.Range(0, c.EncoderLayerCount).Select(i => $"model.encoder.layers.{i}.").Select(name =>
            new EncoderLayer(Fused(name + "self_attn", "q", "k", "v"), Affine(name + "self_attn.out_proj"), Affine(name + "self_attn_layer_norm"), FeedForward(name)))];
        _decoder = [.. Enumerable.Range(0, c.DecoderLayerCount).Select(i => $"model.decoder.layers.{i}.").Select(name => new DecoderLayer(
            new EncoderLayer(Fused(name + "self_attn", "q", "k", "v"), Affine(name + "self_attn.out_proj"), Affine(name + "self_attn_layer_norm"), FeedForward(name)),
            Affine(name + "encoder_attn.q_proj"),
            Fused(name + "encoder_attn", "k", "v"),
            Affine(name + "encoder_attn.out_proj"),
            Affine(name + "encoder_attn_layer_norm")))];

        Tensor Read(string name)
        {
            if (!weights.TryGet(name, out TensorInfo? info))
                throw new InvalidDataException($"{weights.Source}: tensor {name} is missing.");
            float[] values = new float[info.ElementCount];
            weights.ReadFloat32(name, values);
            return tensor(values, [.. info.Shape]);
        }

        Pair Affine(string name) => new(Read(name + ".weight"), Read(name + ".bias"));

        Pair Fused(string name, params string[] parts) => new(
            cat([.. parts.Select(part => Read($"{name}.{part}_proj.weight"))]),
            cat([.. parts.Select(part => Read($"{name}.{part}_proj.bias"))]));

        FeedForwardLayer FeedForward(string name) => new(Affine(name + "fc1"), Affine(name + "fc2"), Affine(name + "final_layer_norm"));
    }

    public TransformerConfiguration Configuration => _configuration;

    private double Scale => _configuration.ScaleEmbedding ? Math.Sqrt(_configuration.Width) : 1;

    public void Dispose() => _scope.Dispose();

    /// <summary>Keys and values of sources in every decoder layer, [rows, heads, length, head width], and what may be seen of them.</summary>
    public SourceCache Encode(IReadOnlyList<int[]> sources)
    {
        int rows = sources.Count, length = sources.Max(source => source.Length), width = _configuration.Width, heads = _configuration.EncoderHeadCount;
        long[] ids = new long[rows * length];
        bool[] real = new bool[ids.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < length; i++)
            {
                bool token = i < sources[row].Length;
                ids[(row * length) + i] = token ? sources[row][i] : _configuration.Format.PaddingId;
                real[(row * length) + i] = token;
            }
        }

        Tensor seen = tensor(real, [rows, 1, 1, length]);
        // A batch of equal lengths has nothing to mask.
        Tensor? mask = Array.TrueForAll(real, token => token) ? null : seen;
        Tensor x = Embed(_source, tensor(ids, [rows, length]), _positions.narrow(0, 0, length));
        foreach (EncoderLayer layer in _encoder)
        {
            Tensor parts = layer.QueryKeyValue.Linear(x).view(rows, length, 3, heads, width / heads).permute(2, 0, 3, 1, 4);
            Tensor mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], mask).transpose(1, 2).reshape(rows, length, width);
            x = Norm(x + layer.Output.Linear(mixed), layer.Norm);
            x = layer.FeedForward.Apply(this, x);
        }

        int decoderHeads = _configuration.DecoderHeadCount;
        return new SourceCache(
            [.. _decoder.Select(layer =>
            {
                Tensor both = layer.CrossKeyValue.Linear(x).view(rows, length, 2, decoderHeads, width / decoderHeads).permute(2, 0, 3, 1, 4).contiguous();
                return (both[0], both[1]);
            })],
            mask);
    }

    /// <summary>One token of every beam: [rows * beams, vocabulary] logits.</summary>
    /// <param name="tokens">[rows * beams].</param>
    /// <param name="position">Place of the tokens.</param>
    /// <param name="beams">Beams of each row.</param>
    /// <param name="source">The sources.</param>
    /// <param name="target">Keys and values of each layer so far, [rows * beams, heads, position, head width]; replaced.</param>
    public Tensor Step(Tensor tokens, int position, int beams, SourceCache source, (Tensor Keys, Tensor Values)?[] target)
    {
        int width = _configuration.Width, heads = _configuration.DecoderHeadCount, headWidth = width / heads;
        long count = tokens.shape[0], rows = count / beams;
        Tensor x = Embed(_target, tokens, _positions[position]);
        for (int i = 0; i < _decoder.Length; i++)
        {
            DecoderLayer layer = _decoder[i];
            Tensor parts = layer.Self.QueryKeyValue.Linear(x).view(count, 3, heads, 1, headWidth);
            Tensor keys = parts.select(1, 1), values = parts.select(1, 2);
            if (target[i] is { } before)
                (keys, values) = (cat([before.Keys, keys], 2), cat([before.Values, values], 2));
            target[i] = (keys, values);
            Tensor mixed = functional.scaled_dot_product_attention(parts.select(1, 0), keys, values).view(count, width);
            x = Norm(x + layer.Self.Output.Linear(mixed), layer.Self.Norm);

            // The beams of a sentence are queries of the same keys.
            Tensor query = layer.CrossQuery.Linear(x).view(rows, beams, heads, headWidth).transpose(1, 2);
            (Tensor sourceKeys, Tensor sourceValues) = source.Layers[i];
            mixed = functional.scaled_dot_product_attention(query, sourceKeys, sourceValues, source.Mask).transpose(1, 2).reshape(count, width);
            x = Norm(x + layer.CrossOutput.Linear(mixed), layer.CrossNorm);
            x = layer.Self.FeedForward.Apply(this, x);
        }

        return functional.linear(x, _projection, _projectionBias);
    }

    private Tensor Embed(Tensor table, Tensor ids, Tensor positions) => (table.index_select(0, ids.flatten()).view([.. ids.shape, _configuration.Width]) + positions) * Scale;

    private Tensor Norm(Tensor x, Pair norm) => functional.layer_norm(x, [_configuration.Width], norm.Weight, norm.Bias, _configuration.NormEpsilon);

    /// <param name="Layers">[rows, heads, length, head width] of each decoder layer.</param>
    /// <param name="Mask">[rows, 1, 1, length], true where there is a token; null where there are only tokens.</param>
    internal sealed record SourceCache((Tensor Keys, Tensor Values)[] Layers, Tensor? Mask)
    {
        /// <summary>The sources of some rows.</summary>
        public SourceCache Select(Tensor rows) =>
            new([.. Layers.Select(layer => (layer.Keys.index_select(0, rows), layer.Values.index_select(0, rows)))], Mask?.index_select(0, rows));

        public void MoveToOuterScope()
        {
            foreach ((Tensor keys, Tensor values) in Layers)
            {
                keys.MoveToOuterDisposeScope();
                values.MoveToOuterDisposeScope();
            }

            Mask?.MoveToOuterDisposeScope();
        }
    }

    private sealed record Pair(Tensor Weight, Tensor Bias)
    {
        public Tensor Linear(Tensor x) => functional.linear(x, Weight, Bias);
    }

    private sealed record FeedForwardLayer(Pair Inner, Pair Output, Pair Norm)
    {
        public Tensor Apply(TorchTranslator model, Tensor x) => model.Norm(x + Output.Linear(functional.relu(Inner.Linear(x))), Norm);
    }

    private sealed record EncoderLayer(Pair QueryKeyValue, Pair Output, Pair Norm, FeedForwardLayer FeedForward);

    private sealed record DecoderLayer(EncoderLayer Self, Pair CrossQuery, Pair CrossKeyValue, Pair CrossOutput, Pair CrossNorm);
}
