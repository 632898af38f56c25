using Ashlar.Kernels;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// A matrix of activations, fp32 or bfloat16, in memory that is kept from step to step: fresh memory costs a page fault for every
/// 4 KiB, which is more than most operations on it. libtorch multiplies it, kernels go over its rows.
/// </summary>
internal sealed unsafe class Activation : IDisposable
{
    private readonly ScalarType _type;
    private Tensor _memory;
    private byte* _data;

    public Activation(ScalarType type)
    {
        _type = type;
        _memory = Allocate(0);
        Tensor = _memory.view(0, 0).DetachFromDisposeScope();
    }

    /// <summary>[rows, columns].</summary>
    public Tensor Tensor { get; private set; }

    /// <summary>The transpose.</summary>
    public Tensor Transposed => Tensor.t();

    public int Rows { get; private set; }

    public int Columns { get; private set; }

    public bool IsFloat32 => _type == ScalarType.Float32;

    /// <summary>The first value, of an fp32 matrix.</summary>
    public float* Float32 => (float*)_data;

    /// <summary>Makes the matrix [rows, columns]; what it holds is undefined afterwards.</summary>
    public Activation Resize(int rows, int columns)
    {
        if (rows == Rows && columns == Columns)
            return this;
        using IDisposable detached = no_grad();
        long count = (long)rows * columns;
        if (count > _memory.numel())
        {
            _memory.Dispose();
            _memory = Allocate(count);
        }

        Tensor.Dispose();
        using Tensor part = _memory.narrow(0, 0, count);
        Tensor = part.view(rows, columns).DetachFromDisposeScope();
        _data = (byte*)StableAbi.Data(_memory);
        (Rows, Columns) = (rows, columns);
        return this;
    }

    /// <summary>The first rows, as a tensor the caller disposes.</summary>
    public Tensor FirstRows(int count) => Tensor.narrow(0, 0, count);

    /// <summary>Part of a row to read: in place when it is fp32, else widened into the scratch.</summary>
    public ReadOnlySpan<float> Read(int row, int column, int count, Span<float> scratch)
    {
        long at = (long)row * Columns + column;
        if (IsFloat32)
            return new ReadOnlySpan<float>((float*)_data + at, count);
        BFloat16Rows.Widen(new ReadOnlySpan<ushort>((ushort*)_data + at, count), scratch[..count]);
        return scratch[..count];
    }

    /// <summary>Part of a row to change: in place when it is fp32, else a copy in the scratch that <see cref="Commit"/> stores.</summary>
    public Span<float> Change(int row, int column, int count, Span<float> scratch)
    {
        if (IsFloat32)
            return new Span<float>((float*)_data + (long)row * Columns + column, count);
        Read(row, column, count, scratch);
        return scratch[..count];
    }

    /// <summary>Part of a row to write: in place when it is fp32, else the scratch, which <see cref="Commit"/> stores.</summary>
    public Span<float> Write(int row, int column, int count, Span<float> scratch) =>
        IsFloat32 ? new Span<float>((float*)_data + (long)row * Columns + column, count) : scratch[..count];

    /// <summary>Stores what <see cref="Change"/> or <see cref="Write"/> returned.</summary>
    public void Commit(int row, int column, ReadOnlySpan<float> values)
    {
        if (!IsFloat32)
            BFloat16Rows.Narrow(values, new Span<ushort>((ushort*)_data + (long)row * Columns + column, values.Length));
    }

    public void Dispose()
    {
        Tensor.Dispose();
        _memory.Dispose();
    }

    private Tensor Allocate(long count) => empty([count], _type, CPU).DetachFromDisposeScope();
}
