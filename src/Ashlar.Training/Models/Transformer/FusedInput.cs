using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>
/// What a branch reads of the residual stream: its norm (pre-norm), or the stream itself, narrowed where products are bfloat16.
/// </summary>
internal sealed class FusedInput(FusedNorm? norm, ScalarType products) : IDisposable
{
    private readonly Activation? _own = norm is null && products == ScalarType.Float32 ? null : new Activation(products);

    /// <summary>What the last forward pass made.</summary>
    public Activation Current { get; private set; } = null!;

    /// <summary>From the stream, [tokens, width] fp32.</summary>
    public Activation Forward(Activation stream)
    {
        if (_own is null)
            return Current = stream;
        _own.Resize(stream.Rows, stream.Columns);
        if (norm is not null)
        {
            norm.Forward(stream, _own);
            return Current = _own;
        }

        TorchParallel.For(stream.Rows, (_, begin, end) =>
        {
            for (int row = begin; row < end; row++)
                _own.Commit(row, 0, stream.Read(row, 0, stream.Columns, default));
        });
        return Current = _own;
    }

    /// <summary>Adds to the gradient of the stream, fp32.</summary>
    public void Backward(Activation stream, Activation inputGradient, Activation gradient)
    {
        if (norm is not null)
        {
            norm.Backward(stream, inputGradient, gradient);
            return;
        }

        int width = gradient.Columns;
        TorchParallel.For(gradient.Rows, (_, begin, end) =>
        {
            Span<float> scratch = inputGradient.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
                Addition.Accumulate(gradient.Change(row, 0, width, default), inputGradient.Read(row, 0, width, scratch));
        });
    }

    public void Dispose() => _own?.Dispose();
}
