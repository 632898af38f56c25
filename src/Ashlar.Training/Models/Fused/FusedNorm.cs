using Ashlar.Kernels;
using Ashlar.Training.Native;

namespace Ashlar.Training.Models.Fused;

/// <summary>LayerNorm, or RMSNorm where there is no bias, over rows, with its gradient.</summary>
internal sealed unsafe class FusedNorm
{
    private readonly float _epsilon;
    private readonly float* _gain;
    private readonly float* _bias;
    private readonly ColumnSums _gainGradient;
    private readonly ColumnSums? _biasGradient;

    public FusedNorm(ParameterStore store, string weight, string? bias, int width, double epsilon)
    {
        Width = width;
        _epsilon = (float)epsilon;
        float* values = (float*)StableAbi.Data(store.Values), gradients = (float*)StableAbi.Data(store.Gradients);
        _gain = values + store.Offset(weight);
        _gainGradient = new ColumnSums(gradients + store.Offset(weight), width);
        if (bias is not null)
        {
            _bias = values + store.Offset(bias);
            _biasGradient = new ColumnSums(gradients + store.Offset(bias), width);
        }
    }

    public int Width { get; }

    private ReadOnlySpan<float> Gain => new(_gain, Width);

    public void Forward(ReadOnlySpan<float> input, Span<float> output)
    {
        if (_bias == null)
            RmsNorm.Apply(input, Gain, _epsilon, output);
        else
            LayerNorm.Apply(input, Gain, new ReadOnlySpan<float>(_bias, Width), _epsilon, output);
    }

    /// <summary>Adds to the input's gradient, and to the part's sums of the parameters' gradients.</summary>
    public void Backward(int part, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        if (_biasGradient is null)
            RmsNormGradient.Accumulate(input, Gain, _epsilon, outputGradient, inputGradient, _gainGradient[part]);
        else
            LayerNormGradient.Accumulate(input, Gain, _epsilon, outputGradient, inputGradient, _gainGradient[part], _biasGradient[part]);
    }

    /// <summary>output = norm(input), row by row; the input is fp32.</summary>
    public void Forward(Activation input, Activation output) =>
        TorchParallel.For(input.Rows, (_, begin, end) =>
        {
            Span<float> scratch = output.IsFloat32 ? default : new float[Width];
            for (int row = begin; row < end; row++)
            {
                Span<float> normed = output.Write(row, 0, Width, scratch);
                Forward(input.Read(row, 0, Width, default), normed);
                output.Commit(row, 0, normed);
            }
        });

    /// <summary>Adds to the input's gradient, fp32, row by row, and to the parameters' gradients.</summary>
    public void Backward(Activation input, Activation outputGradient, Activation inputGradient)
    {
        TorchParallel.For(input.Rows, (part, begin, end) =>
        {
            Span<float> scratch = outputGradient.IsFloat32 ? default : new float[Width];
            for (int row = begin; row < end; row++)
            {
                Backward(
                    part,
                    input.Read(row, 0, Width, default),
                    outputGradient.Read(row, 0, Width, scratch),
                    inputGradient.Change(row, 0, Width, default));
            }
        });
        Finish();
    }

    /// <summary>Adds the parts' sums to the parameters' gradients, after the loop over the rows.</summary>
    public void Finish()
    {
        _gainGradient.Finish();
        _biasGradient?.Finish();
    }
}
