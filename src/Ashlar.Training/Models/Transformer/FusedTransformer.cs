using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>
/// The Transformer's forward and backward pass on the CPU without automatic differentiation and without padding: the sentences of a
/// batch lie side by side, and only attention knows where one ends. It computes the same loss and gradients as
/// <see cref="TransformerNetwork"/>, which the tests compare.
/// </summary>
internal sealed unsafe class FusedTransformer : IDisposable
{
    private readonly TransformerConfiguration _configuration;
    private readonly ParameterStore _store;
    private readonly Tensor _products;
    private readonly FusedSublayerBuffers _buffers;
    private readonly CrossMemory _cross;
    private readonly FusedEmbedding _sourceEmbedding;
    private readonly FusedEmbedding _targetEmbedding;
    private readonly List<FusedSublayer> _encoder = [];
    private readonly List<FusedSublayer> _decoder = [];
    private readonly FusedInput _memory;
    private readonly FusedHead _head;
    private readonly Activation _source = new(ScalarType.Float32);
    private readonly Activation _target = new(ScalarType.Float32);
    private readonly Activation _gradient = new(ScalarType.Float32);

    public FusedTransformer(TransformerConfiguration configuration, ParameterStore store, ComputeType computeType)
    {
        (_configuration, _store) = (configuration, store);
        TransformerConfiguration c = configuration;
        ScalarType type = computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        _products = type == ScalarType.Float32 ? store.Values : empty([store.Count], type, CPU).DetachFromDisposeScope();
        _buffers = new FusedSublayerBuffers(type);
        _cross = new CrossMemory(c, store, _products, _buffers);
        int index = 0;
        _sourceEmbedding = new FusedEmbedding(c, store, TransformerTensors.SourceEmbedding(c), "model.encoder.embed_positions.weight", index++);
        _targetEmbedding = new FusedEmbedding(c, store, TransformerTensors.TargetEmbedding(c), "model.decoder.embed_positions.weight", index++);
        FusedRotary? encoderRotary = null, decoderRotary = null;
        if (c.Positions == PositionEncoding.Rotary)
        {
            encoderRotary = new FusedRotary(c.MaximumLength, c.Width / c.EncoderHeadCount, c.RopeTheta);
            decoderRotary = new FusedRotary(c.MaximumLength, c.Width / c.DecoderHeadCount, c.RopeTheta);
        }

        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            string block = $"model.encoder.layers.{layer}.";
            Add(_encoder, block + "self_attn_layer_norm", new FusedSelfAttention(
                store, _products, block + "self_attn.", c.Width, c.EncoderHeadCount, ofDecoder: false, encoderRotary, _buffers, index));
            Add(_encoder, block + "final_layer_norm", new FusedFeedForward(
                c.Activation, store, _products, block, c.Width, c.EncoderFeedForwardWidth, _buffers, index));
        }

        for (int layer = 0; layer < c.DecoderLayerCount; layer++)
        {
            string block = $"model.decoder.layers.{layer}.";
            Add(_decoder, block + "self_attn_layer_norm", new FusedSelfAttention(
                store, _products, block + "self_attn.", c.Width, c.DecoderHeadCount, ofDecoder: true, decoderRotary, _buffers, index));
            Add(_decoder, block + "encoder_attn_layer_norm", new FusedCrossAttention(
                store, _products, layer, c.Width, c.DecoderHeadCount, _cross, _buffers, index));
            Add(_decoder, block + "final_layer_norm", new FusedFeedForward(
                c.Activation, store, _products, block, c.Width, c.DecoderFeedForwardWidth, _buffers, index));
        }

        _memory = new FusedInput(c.PreNorm ? Norm("model.encoder.layer_norm") : null, type);
        _head = new FusedHead(
            store, _products, c.PreNorm ? Norm("model.decoder.layer_norm") : null, TransformerTensors.Projection(c), c.Width, c.TargetVocabularySize);

        void Add(List<FusedSublayer> side, string norm, IFusedBranch branch) =>
            side.Add(new FusedSublayer(Norm(norm), c.PreNorm, branch, _buffers, index++));
    }

    /// <summary>The sum of the losses, and, where wanted, their gradients added to the gradient buffer.</summary>
    public double Loss(PackedBatch batch, double labelSmoothing, bool withGradients)
    {
        using IDisposable detached = no_grad();
        if (!ReferenceEquals(_products, _store.Values))
            _products.copy_(_store.Values);
        float* bias = (float*)StableAbi.Data(_store.Values) + _store.Offset("final_logits_bias");
        _head.FixedBias = new ReadOnlySpan<float>(bias, _configuration.TargetVocabularySize).ContainsAnyExcept(0f) ? bias : null;
        _head.LabelSmoothing = (float)labelSmoothing;

        int width = _configuration.Width;
        _sourceEmbedding.Forward(batch, batch.Source, _source.Resize(batch.Source.TokenCount, width));
        Activation source = Forward(batch, _encoder, _source);
        Activation memory = _memory.Forward(source);
        _cross.Forward(memory);
        _targetEmbedding.Forward(batch, batch.Target, _target.Resize(batch.Target.TokenCount, width));
        Activation target = Forward(batch, _decoder, _target);
        if (!withGradients)
            return _head.Loss(target, batch.Targets, null);

        double loss = _head.Loss(target, batch.Targets, _gradient.Resize(target.Rows, width));
        Backward(batch, _decoder, _target);
        _targetEmbedding.Backward(batch, batch.Target, _gradient);
        Activation memoryGradient = _buffers.InputGradient.Resize(memory.Rows, width);
        _cross.Backward(memory, memoryGradient);
        _gradient.Resize(memory.Rows, width).Tensor.zero_();
        _memory.Backward(source, memoryGradient, _gradient);
        Backward(batch, _encoder, _source);
        _sourceEmbedding.Backward(batch, batch.Source, _gradient);
        return loss;
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_products, _store.Values))
            _products.Dispose();
        foreach (IDisposable part in (IEnumerable<IDisposable>)[.. _encoder, .. _decoder, _cross, _buffers, _memory, _head, _source, _target, _gradient])
            part.Dispose();
    }

    private static Activation Forward(PackedBatch batch, List<FusedSublayer> side, Activation stream)
    {
        foreach (FusedSublayer layer in side)
        {
            layer.Forward(batch, stream);
            stream = layer.Output;
        }

        return stream;
    }

    private void Backward(PackedBatch batch, List<FusedSublayer> side, Activation start)
    {
        for (int i = side.Count - 1; i >= 0; i--)
            side[i].Backward(batch, i == 0 ? start : side[i - 1].Output, _gradient);
    }

    private FusedNorm Norm(string name) =>
        new(_store, name + ".weight", name + ".bias", _configuration.Width, _configuration.NormEpsilon);
}
