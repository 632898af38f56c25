using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// One block's forward and backward pass, written out: matrix products by libtorch, all else by kernels that go over rows once.
/// It computes what <see cref="DecoderBlock"/> computes.
/// </summary>
internal sealed unsafe class FusedBlock : IDisposable
{
    private const int AttentionDropout = 0, AttentionBranch = 1, FeedForwardBranch = 2;

    private readonly DecoderConfiguration _configuration;
    private readonly int _layer;
    private readonly bool _gpt2;
    private readonly FusedBuffers _buffers;
    private readonly BlockActivations _kept;
    private readonly FusedNorm _attentionNorm;
    private readonly FusedNorm _feedForwardNorm;
    private readonly FusedLinear _inner;
    private readonly FusedLinear _outer;
    private readonly FusedLinear _attentionOutput;
    private readonly FusedAttention _attention;
    private readonly ColumnSums? _attentionBias;
    private readonly ColumnSums? _innerBias;
    private readonly ColumnSums? _outerBias;

    public FusedBlock(DecoderConfiguration configuration, ParameterStore store, Tensor products, int layer, FusedBuffers buffers, BlockActivations kept)
    {
        (_configuration, _layer, _buffers, _kept) = (configuration, layer, buffers, kept);
        _gpt2 = configuration.Architecture == DecoderArchitecture.Gpt2;
        (int width, int inner) = (configuration.Width, configuration.FeedForwardWidth);
        int headsWidth = configuration.HeadCount * configuration.HeadWidth;
        double epsilon = configuration.NormEpsilon;
        if (_gpt2)
        {
            string block = $"transformer.h.{layer}.";
            _attentionNorm = new FusedNorm(store, block + "ln_1.weight", block + "ln_1.bias", width, epsilon);
            _feedForwardNorm = new FusedNorm(store, block + "ln_2.weight", block + "ln_2.bias", width, epsilon);
            _attentionOutput = new FusedLinear(store, products, block + "attn.c_proj.weight", block + "attn.c_proj.bias", headsWidth, width);
            _inner = new FusedLinear(store, products, block + "mlp.c_fc.weight", block + "mlp.c_fc.bias", width, inner);
            _outer = new FusedLinear(store, products, block + "mlp.c_proj.weight", block + "mlp.c_proj.bias", inner, width);
            _attentionBias = new ColumnSums(_attentionOutput.BiasGradient, width);
            _innerBias = new ColumnSums(_inner.BiasGradient, inner);
            _outerBias = new ColumnSums(_outer.BiasGradient, width);
        }
        else
        {
            string block = $"model.layers.{layer}.";
            _attentionNorm = new FusedNorm(store, block + "input_layernorm.weight", null, width, epsilon);
            _feedForwardNorm = new FusedNorm(store, block + "post_attention_layernorm.weight", null, width, epsilon);
            _attentionOutput = new FusedLinear(store, products, block + "self_attn.o_proj.weight", null, headsWidth, width);
            _inner = new FusedLinear(store, products, block + "mlp.gate_proj.weight", null, width, 2 * inner);
            _outer = new FusedLinear(store, products, block + "mlp.down_proj.weight", null, inner, width);
        }

        _attention = new FusedAttention(configuration, store, products, layer, buffers, AttentionDropout);
    }

    /// <summary>output = block(input), both [tokens, width] fp32.</summary>
    public void Forward(FusedBatch batch, Activation input, Activation output)
    {
        (int tokens, int width) = (batch.TokenCount, _configuration.Width);
        BlockActivations kept = _kept.Resize(tokens, _configuration);
        _attentionNorm.Forward(input, kept.AttentionInput);
        _attention.Forward(batch, kept);
        Activation branch = _buffers.Branch.Resize(tokens, width);
        _attentionOutput.Forward(kept.Mixed.Tensor, branch.Tensor);
        AddBranch(batch, input, branch, _attentionOutput, AttentionBranch, kept.Middle, _feedForwardNorm, kept.FeedForwardInput);
        _inner.Forward(kept.FeedForwardInput.Tensor, kept.Inner.Tensor);
        Activate(kept);
        _outer.Forward(kept.Activated.Tensor, branch.Tensor);
        AddBranch(batch, kept.Middle, branch, _outer, FeedForwardBranch, output, null, null);
    }

    /// <summary>The gradient of the output becomes that of the input, in place, [tokens, width] fp32; activations are used up.</summary>
    public void Backward(FusedBatch batch, Activation input, Activation gradient)
    {
        (int tokens, int width) = (batch.TokenCount, _configuration.Width);
        BlockActivations kept = _kept;
        Activation activated = _buffers.InnerGradient.Resize(tokens, _configuration.FeedForwardWidth);
        Activation normed = _buffers.NormGradient.Resize(tokens, width);

        Activation branch = BranchGradient(batch, gradient, FeedForwardBranch, _outerBias);
        _outer.Backward(kept.Activated.Tensor, branch.Tensor, activated.Tensor);
        Activation inner = ActivateGradient(kept, activated);
        _inner.Backward(kept.FeedForwardInput.Tensor, inner.Tensor, normed.Tensor);
        _feedForwardNorm.Backward(kept.Middle, normed, gradient);

        branch = BranchGradient(batch, gradient, AttentionBranch, _attentionBias);
        Activation mixed = _buffers.MixedGradient.Resize(tokens, kept.Mixed.Columns);
        _attentionOutput.Backward(kept.Mixed.Tensor, branch.Tensor, mixed.Tensor);
        _attention.Backward(batch, kept, mixed, normed);
        _attentionNorm.Backward(input, normed, gradient);
    }

    public void Dispose() => _attention.Dispose();

    // output = input + dropout(branch + bias), and the norm of that where one follows.
    private void AddBranch(
        FusedBatch batch, Activation input, Activation branch, FusedLinear linear, int use, Activation output, FusedNorm? norm, Activation? normed)
    {
        int width = _configuration.Width;
        uint seed = batch.SeedOf(_layer, use);
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            Span<float> scratch = branch.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = branch.Change(row, 0, width, scratch);
                linear.AddBias(values);
                if (batch.Dropout > 0)
                    Dropout.Apply(values, batch.Dropout, seed, (uint)(row * width));
                Span<float> sum = output.Write(row, 0, width, default);
                if (output != input)
                    input.Read(row, 0, width, default).CopyTo(sum);
                Addition.Accumulate(sum, values);
                if (norm is null)
                    continue;
                Span<float> result = normed!.Write(row, 0, width, scratch);
                norm.Forward(sum, result);
                normed.Commit(row, 0, result);
            }
        });
    }

    // The gradient at the end of a branch, in the products' type; and the sum of its rows, which is the bias's.
    private Activation BranchGradient(FusedBatch batch, Activation gradient, int use, ColumnSums? bias)
    {
        int width = _configuration.Width;
        bool inPlace = gradient.IsFloat32 && _buffers.Branch.IsFloat32 && batch.Dropout == 0;
        if (inPlace && bias is null)
            return gradient;
        Activation branch = inPlace ? gradient : _buffers.Branch.Resize(batch.TokenCount, width);
        uint seed = batch.SeedOf(_layer, use);
        TorchParallel.For(batch.TokenCount, (part, begin, end) =>
        {
            Span<float> scratch = inPlace ? default : new float[width];
            for (int row = begin; row < end; row++)
            {
                ReadOnlySpan<float> values = gradient.Read(row, 0, width, default);
                if (!inPlace)
                {
                    Span<float> copy = branch.Write(row, 0, width, scratch);
                    values.CopyTo(copy);
                    if (batch.Dropout > 0)
                        Dropout.Apply(copy, batch.Dropout, seed, (uint)(row * width));
                    branch.Commit(row, 0, copy);
                    values = copy;
                }

                bias?.Add(part, values);
            }
        });
        bias?.Finish();
        return branch;
    }

    // GPT-2: activated = gelu(inner + bias), the sum kept. Llama: activated = silu(gate) · up.
    private void Activate(BlockActivations kept)
    {
        int width = _configuration.FeedForwardWidth;
        TorchParallel.For(kept.Inner.Rows, (_, begin, end) =>
        {
            Span<float> first = kept.Inner.IsFloat32 ? default : new float[width];
            Span<float> second = kept.Inner.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
            {
                Span<float> activated = kept.Activated.Write(row, 0, width, second);
                if (_gpt2)
                {
                    Span<float> inner = kept.Inner.Change(row, 0, width, first);
                    _inner.AddBias(inner);
                    kept.Inner.Commit(row, 0, inner);
                    inner.CopyTo(activated);
                    if (_configuration.TanhGelu)
                        Gelu.ApplyTanh(activated);
                    else
                        Gelu.ApplyExact(activated);
                }
                else
                {
                    kept.Inner.Read(row, 0, width, second).CopyTo(activated);
                    SiluGate.Apply(activated, kept.Inner.Read(row, width, width, first));
                }

                kept.Activated.Commit(row, 0, activated);
            }
        });
    }

    // The gradient of the inner layer's output: GPT-2's in place of that of the activation, Llama's in place of gate and up.
    private Activation ActivateGradient(BlockActivations kept, Activation activated)
    {
        int width = _configuration.FeedForwardWidth;
        TorchParallel.For(activated.Rows, (part, begin, end) =>
        {
            Span<float> first = activated.IsFloat32 ? default : new float[width];
            Span<float> second = activated.IsFloat32 ? default : new float[width];
            Span<float> third = activated.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
            {
                if (_gpt2)
                {
                    Span<float> gradient = activated.Change(row, 0, width, first);
                    ReadOnlySpan<float> inner = kept.Inner.Read(row, 0, width, second);
                    if (_configuration.TanhGelu)
                        GeluGradient.ApplyTanh(inner, gradient);
                    else
                        GeluGradient.ApplyExact(inner, gradient);
                    activated.Commit(row, 0, gradient);
                    _innerBias!.Add(part, gradient);
                }
                else
                {
                    Span<float> gate = kept.Inner.Change(row, 0, width, first), up = kept.Inner.Change(row, width, width, second);
                    SiluGateGradient.Apply(gate, up, activated.Read(row, 0, width, third));
                    kept.Inner.Commit(row, 0, gate);
                    kept.Inner.Commit(row, width, up);
                }
            }
        });
        _innerBias?.Finish();
        return _gpt2 ? activated : kept.Inner;
    }
}
