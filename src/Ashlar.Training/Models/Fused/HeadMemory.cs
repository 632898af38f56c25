using System.Runtime.InteropServices;
using Ashlar.Kernels;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// One thread's memory for attention over at most length tokens: that of the kernel, and fp32 copies of one head's matrices where
/// they are bfloat16.
/// </summary>
internal sealed unsafe class HeadMemory : IDisposable
{
    private const int Slots = 6;

    private readonly int _width;
    private readonly float* _memory;

    public HeadMemory(int length, int width)
    {
        (Length, _width) = (length, width);
        Attention = new AttentionTraining(length, width);
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)(((long)Slots + 2) * length * width * sizeof(float)), 64);
    }

    public int Length { get; }

    public AttentionTraining Attention { get; }

    /// <summary>Gradient of one key head, [length, width].</summary>
    public float* KeyGradient => Slot(Slots);

    /// <summary>Gradient of one value head, [length, width].</summary>
    public float* ValueGradient => Slot(Slots + 1);

    /// <summary>Where a head's rows lie as fp32 and how far apart: in place, or a copy.</summary>
    public (nint First, int Stride) Load(int slot, Activation source, int row, int column, int count)
    {
        if (source.IsFloat32)
            return Place(slot, source, row, column);
        for (int i = 0; i < count; i++)
            source.Read(row + i, column, _width, Line(slot, i));
        return ((nint)Slot(slot), _width);
    }

    /// <summary>Where a head's rows are to be written: in place, or for <see cref="Store"/> to narrow.</summary>
    public (nint First, int Stride) Place(int slot, Activation target, int row, int column) =>
        target.IsFloat32
            ? ((nint)(target.Float32 + ((long)row * target.Columns) + column), target.Columns)
            : ((nint)Slot(slot), _width);

    /// <summary>Stores what was written where <see cref="Place"/> said.</summary>
    public void Store(int slot, Activation target, int row, int column, int count)
    {
        if (target.IsFloat32)
            return;
        for (int i = 0; i < count; i++)
            target.Commit(row + i, column, Line(slot, i));
    }

    public void ClearKeyGradients(int count)
    {
        new Span<float>(KeyGradient, count * _width).Clear();
        new Span<float>(ValueGradient, count * _width).Clear();
    }

    public void StoreKeyGradients(Activation gradient, int row, int keyColumn, int valueColumn, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Copy(Line(Slots, i), keyColumn);
            Copy(Line(Slots + 1, i), valueColumn);

            void Copy(Span<float> values, int column)
            {
                if (gradient.IsFloat32)
                    values.CopyTo(gradient.Write(row + i, column, _width, default));
                else
                    gradient.Commit(row + i, column, values);
            }
        }
    }

    public void Dispose()
    {
        Attention.Dispose();
        NativeMemory.AlignedFree(_memory);
        GC.SuppressFinalize(this);
    }

    ~HeadMemory() => NativeMemory.AlignedFree(_memory);

    private float* Slot(int slot) => _memory + ((long)slot * Length * _width);

    private Span<float> Line(int slot, int row) => new(Slot(slot) + ((long)row * _width), _width);
}
