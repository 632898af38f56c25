using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Ashlar.Checkpoints;

/// <summary>Element sizes, and conversion of stored elements to float32 and back.</summary>
internal static class FloatConversion
{
    public static int SizeOf(TensorType type) => type switch
    {
        TensorType.Float64 or TensorType.Int64 => 8,
        TensorType.Float32 or TensorType.Int32 => 4,
        TensorType.Float16 or TensorType.BFloat16 or TensorType.Int16 => 2,
        _ => 1,
    };

    /// <summary>Converts little-endian elements; false when the type is not floating-point.</summary>
    public static bool ToFloat32(TensorType type, ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        switch (type)
        {
            case TensorType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(destination);
                return true;
            case TensorType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), destination);
                return true;
            case TensorType.BFloat16:
                ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < halves.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                return true;
            case TensorType.Float64:
                ReadOnlySpan<double> doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0; i < doubles.Length; i++)
                    destination[i] = (float)doubles[i];
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// Converts to little-endian elements, rounding to nearest, ties to even; returns the index of the first finite value that is too
    /// large for the type, or -1.
    /// </summary>
    public static int FromFloat32(TensorType type, ReadOnlySpan<float> values, Span<byte> destination)
    {
        switch (type)
        {
            case TensorType.Float32:
                MemoryMarshal.AsBytes(values).CopyTo(destination);
                return -1;
            case TensorType.Float16:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(destination);
                TensorPrimitives.ConvertToHalf(values, halves);
                for (int i = 0; i < values.Length; i++)
                {
                    if (Half.IsInfinity(halves[i]) && float.IsFinite(values[i]))
                        return i;
                }

                return -1;
            case TensorType.BFloat16:
                Span<ushort> upper = MemoryMarshal.Cast<byte, ushort>(destination);
                for (int i = 0; i < values.Length; i++)
                {
                    uint bits = BitConverter.SingleToUInt32Bits(values[i]);
                    // A payload in the lower half alone would become an infinity: a NaN stays one.
                    upper[i] = float.IsNaN(values[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
                    if ((upper[i] & 0x7FFF) == 0x7F80 && float.IsFinite(values[i]))
                        return i;
                }

                return -1;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Expected float32, bfloat16 or float16.");
        }
    }
}
