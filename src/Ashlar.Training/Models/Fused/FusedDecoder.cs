using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// A decoder's forward and backward pass on the CPU without automatic differentiation. It computes the same loss and gradients as
/// <see cref="Decoder"/>'s modules, which the tests compare; it is faster because activations stay in the same memory from step to
/// step, every operation between two matrix products goes over the activations once, and gradients are added straight into the
/// gradient buffer.
/// </summary>
internal sealed unsafe class FusedDecoder : IDisposable
{
    private readonly DecoderConfiguration _configuration;
    private readonly ParameterStore _store;
    private readonly Tensor _products;
    private readonly bool _checkpointing;
    private readonly FusedBuffers _buffers;
    private readonly BlockActivations[] _activations;
    private readonly FusedBlock[] _blocks;
    private readonly FusedHead _head;
    private readonly Activation[] _residuals;
    private readonly Activation _gradient = new(ScalarType.Float32);
    private readonly string _tokenEmbedding;

    public FusedDecoder(DecoderConfiguration configuration, ParameterStore store, ComputeType computeType, bool checkpointing)
    {
        (_configuration, _store, _checkpointing) = (configuration, store, checkpointing);
        bool gpt2 = configuration.Architecture == DecoderArchitecture.Gpt2;
        ScalarType type = computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        _products = type == ScalarType.Float32 ? store.Values : empty([store.Count], type, CPU).DetachFromDisposeScope();
        _buffers = new FusedBuffers(type);
        _activations = [.. Enumerable.Range(0, checkpointing ? 1 : configuration.LayerCount).Select(_ => new BlockActivations(type))];
        _blocks = [.. Enumerable.Range(0, configuration.LayerCount).Select(layer =>
            new FusedBlock(configuration, store, _products, layer, _buffers, _activations[checkpointing ? 0 : layer]))];
        _tokenEmbedding = gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";
        FusedNorm norm = gpt2
            ? new FusedNorm(store, "transformer.ln_f.weight", "transformer.ln_f.bias", configuration.Width, configuration.NormEpsilon)
            : new FusedNorm(store, "model.norm.weight", null, configuration.Width, configuration.NormEpsilon);
        _head = new FusedHead(
            store, _products, norm, configuration.TieEmbeddings ? _tokenEmbedding : "lm_head.weight", configuration.Width, configuration.VocabularySize);
        _residuals = [.. Enumerable.Range(0, configuration.LayerCount + 1).Select(_ => new Activation(ScalarType.Float32))];
    }

    /// <summary>The sum of the losses, and, where wanted, their gradients added to the gradient buffer.</summary>
    public double Loss(FusedBatch batch, ReadOnlySpan<long> targets, bool withGradients)
    {
        using IDisposable detached = no_grad();
        if (!ReferenceEquals(_products, _store.Values))
            _products.copy_(_store.Values);
        Embed(batch, _residuals[0].Resize(batch.TokenCount, _configuration.Width));
        for (int layer = 0; layer < _blocks.Length; layer++)
            _blocks[layer].Forward(batch, _residuals[layer], _residuals[layer + 1].Resize(batch.TokenCount, _configuration.Width));
        if (!withGradients)
            return _head.Loss(_residuals[^1], targets, null);

        double loss = _head.Loss(_residuals[^1], targets, _gradient.Resize(batch.TokenCount, _configuration.Width));
        for (int layer = _blocks.Length - 1; layer >= 0; layer--)
        {
            // The last block's activations are still there.
            if (_checkpointing && layer != _blocks.Length - 1)
                _blocks[layer].Forward(batch, _residuals[layer], _residuals[layer + 1]);
            _blocks[layer].Backward(batch, _residuals[layer], _gradient);
        }

        EmbedGradient(batch);
        return loss;
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_products, _store.Values))
            _products.Dispose();
        foreach (IDisposable part in (IEnumerable<IDisposable>)[.. _blocks, .. _activations, .. _residuals, _buffers, _head, _gradient])
            part.Dispose();
    }

    private void Embed(FusedBatch batch, Activation output)
    {
        int width = _configuration.Width;
        float* values = (float*)StableAbi.Data(_store.Values);
        float* tokens = values + _store.Offset(_tokenEmbedding);
        float* positions = _configuration.Architecture == DecoderArchitecture.Gpt2 ? values + _store.Offset("transformer.wpe.weight") : null;
        uint seed = batch.SeedOf(-1, 0);
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            for (int row = begin; row < end; row++)
            {
                Span<float> sum = output.Write(row, 0, width, default);
                new ReadOnlySpan<float>(tokens + ((long)batch.Inputs[row] * width), width).CopyTo(sum);
                if (positions != null)
                    Addition.Accumulate(sum, new ReadOnlySpan<float>(positions + ((long)batch.Positions[row] * width), width));
                if (batch.Dropout > 0)
                    Dropout.Apply(sum, batch.Dropout, seed, (uint)(row * width));
            }
        });
    }

    private void EmbedGradient(FusedBatch batch)
    {
        int width = _configuration.Width;
        float* gradients = (float*)StableAbi.Data(_store.Gradients);
        float* tokens = gradients + _store.Offset(_tokenEmbedding);
        float* positions = _configuration.Architecture == DecoderArchitecture.Gpt2 ? gradients + _store.Offset("transformer.wpe.weight") : null;
        uint seed = batch.SeedOf(-1, 0);
        if (batch.Dropout > 0)
        {
            TorchParallel.For(batch.TokenCount, (_, begin, end) =>
            {
                for (int row = begin; row < end; row++)
                    Dropout.Apply(_gradient.Change(row, 0, width, default), batch.Dropout, seed, (uint)(row * width));
            });
        }

        // Rows of a table may repeat, columns do not: each part takes some columns of every row.
        TorchParallel.For(width, (_, begin, end) =>
        {
            for (int row = 0; row < batch.TokenCount; row++)
            {
                ReadOnlySpan<float> gradient = _gradient.Read(row, begin, end - begin, default);
                Addition.Accumulate(new Span<float>(tokens + ((long)batch.Inputs[row] * width) + begin, end - begin), gradient);
                if (positions != null)
                    Addition.Accumulate(new Span<float>(positions + ((long)batch.Positions[row] * width) + begin, end - begin), gradient);
            }
        });
    }
}
