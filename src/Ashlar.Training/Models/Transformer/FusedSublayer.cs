using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>What stands between two norms: self-attention, cross-attention or feed-forward layer.</summary>
internal interface IFusedBranch : IDisposable
{
    /// <summary>The last linear layer, whose bias the sub-layer adds when it adds the branch to the residual stream.</summary>
    FusedLinear Output { get; }

    /// <summary>result = f(input) without the last bias, both [tokens, width].</summary>
    void Forward(PackedBatch batch, Activation input, Activation result);

    /// <summary>The input's gradient from the result's; adds the parameters' gradients but that of the last bias.</summary>
    void Backward(PackedBatch batch, Activation input, Activation gradient, Activation inputGradient);
}

/// <summary>Working memory that all sub-layers of a model share.</summary>
internal sealed class FusedSublayerBuffers(ScalarType products) : IDisposable
{
    public ScalarType Products => products;

    /// <summary>A branch's result or its gradient, [tokens, width].</summary>
    public Activation Branch { get; } = new(products);

    /// <summary>Gradient of a branch's input, [tokens, width].</summary>
    public Activation InputGradient { get; } = new(products);

    /// <summary>Gradient of the activated inner layer, [tokens, inner width].</summary>
    public Activation InnerGradient { get; } = new(products);

    /// <summary>Gradient of attention's output, [tokens, width].</summary>
    public Activation MixedGradient { get; } = new(products);

    /// <summary>Gradient of what attention projects from its input, [tokens, width or three times width].</summary>
    public Activation ProjectedGradient { get; } = new(products);

    public void Dispose()
    {
        foreach (Activation activation in (Activation[])[Branch, InputGradient, InnerGradient, MixedGradient, ProjectedGradient])
            activation.Dispose();
    }
}

/// <summary>
/// A sub-layer of the Transformer (Vaswani et al. 2017, section 3.1): norm(x + dropout(f(x))), or pre-norm x + dropout(f(norm(x))).
/// </summary>
internal sealed unsafe class FusedSublayer : IDisposable
{
    private readonly FusedNorm? _norm; // after the sum; null with pre-norm
    private readonly FusedInput _input;
    private readonly IFusedBranch _branch;
    private readonly FusedSublayerBuffers _buffers;
    private readonly ColumnSums _bias;
    private readonly Activation? _sum;
    private readonly int _width;
    private readonly int _index;

    /// <param name="norm">The sub-layer's norm.</param>
    /// <param name="preNorm">Whether it stands before the branch.</param>
    /// <param name="branch">The branch, which the sub-layer owns.</param>
    /// <param name="buffers">Shared memory.</param>
    /// <param name="index">Its number in the model, so that its dropout differs from that of others.</param>
    public FusedSublayer(FusedNorm norm, bool preNorm, IFusedBranch branch, FusedSublayerBuffers buffers, int index)
    {
        (_branch, _buffers, _index, _width) = (branch, buffers, index, norm.Width);
        _norm = preNorm ? null : norm;
        _sum = preNorm ? null : new Activation(ScalarType.Float32);
        _input = new FusedInput(preNorm ? norm : null, buffers.Products);
        _bias = new ColumnSums(branch.Output.BiasGradient, _width);
    }

    /// <summary>The residual stream after the sub-layer, [tokens, width] fp32.</summary>
    public Activation Output { get; } = new(ScalarType.Float32);

    /// <summary>From the residual stream before it, [tokens, width] fp32, to <see cref="Output"/>.</summary>
    public void Forward(PackedBatch batch, Activation stream)
    {
        Activation branch = _buffers.Branch.Resize(stream.Rows, _width);
        _branch.Forward(batch, _input.Forward(stream), branch);
        Activation output = Output.Resize(stream.Rows, _width), sum = _sum?.Resize(stream.Rows, _width) ?? output;
        uint seed = DropoutSeeds.Of(batch.Seed, _index, use: 0);
        TorchParallel.For(stream.Rows, (_, begin, end) =>
        {
            Span<float> scratch = branch.IsFloat32 ? default : new float[_width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = branch.Change(row, 0, _width, scratch);
                _branch.Output.AddBias(values);
                if (batch.Dropout > 0)
                    Dropout.Apply(values, batch.Dropout, seed, (uint)(row * _width));
                Span<float> added = sum.Write(row, 0, _width, default);
                stream.Read(row, 0, _width, default).CopyTo(added);
                Addition.Accumulate(added, values);
                _norm?.Forward(added, output.Write(row, 0, _width, default));
            }
        });
    }

    /// <summary>The gradient of the output becomes that of the stream before, in place, [tokens, width] fp32; activations are used up.</summary>
    public void Backward(PackedBatch batch, Activation stream, Activation gradient)
    {
        Activation branch = _buffers.Branch.Resize(stream.Rows, _width);
        uint seed = DropoutSeeds.Of(batch.Seed, _index, use: 0);
        TorchParallel.For(stream.Rows, (part, begin, end) =>
        {
            Span<float> scratch = branch.IsFloat32 ? default : new float[_width];
            Span<float> ofSum = _norm is null ? default : new float[_width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = gradient.Change(row, 0, _width, default);
                if (_norm is not null)
                {
                    ofSum.Clear();
                    _norm.Backward(part, _sum!.Read(row, 0, _width, default), values, ofSum);
                    ofSum.CopyTo(values);
                }

                Span<float> copy = branch.Write(row, 0, _width, scratch);
                values.CopyTo(copy);
                if (batch.Dropout > 0)
                    Dropout.Apply(copy, batch.Dropout, seed, (uint)(row * _width));
                branch.Commit(row, 0, copy);
                _bias.Add(part, copy);
            }
        });
        _norm?.Finish();
        _bias.Finish();
        Activation inputGradient = _buffers.InputGradient.Resize(stream.Rows, _width);
        _branch.Backward(batch, _input.Current, branch, inputGradient);
        _input.Backward(stream, inputGradient, gradient);
    }

    public void Dispose()
    {
        _branch.Dispose();
        _input.Dispose();
        _sum?.Dispose();
        Output.Dispose();
    }
}
