using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// What a recurrent model carries from one batch to the next: for each row its hidden vectors, and of an LSTM its cell vectors. Values
/// only: no gradient passes through it, which is what cuts back-propagation through time (Williams and Peng 1990).
/// </summary>
public sealed class RecurrentState : IDisposable
{
    internal RecurrentState(int layers, int rows, int width, bool hasMemory, Device device)
    {
        Rows = rows;
        long[] shape = [layers, rows, width];
        Hidden = zeros(shape, ScalarType.Float32, device).DetachFromDisposeScope();
        Memory = hasMemory ? zeros(shape, ScalarType.Float32, device).DetachFromDisposeScope() : null;
    }

    /// <summary>Rows of the batches it goes with.</summary>
    public int Rows { get; }

    /// <summary>Hidden vectors, [layers, rows, width] fp32.</summary>
    public Tensor Hidden { get; }

    /// <summary>An LSTM's cell vectors, [layers, rows, width] fp32; null of other cells.</summary>
    public Tensor? Memory { get; }

    /// <summary>Sets every row to the state before the first token: zeros.</summary>
    public void Reset()
    {
        using IDisposable detached = no_grad();
        Hidden.zero_();
        Memory?.zero_();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Hidden.Dispose();
        Memory?.Dispose();
    }
}
