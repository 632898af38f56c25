using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// bfloat16, the upper half of a float, to and from float. Values are held as <see cref="ushort"/>, which is how libraries and
/// checkpoints lay them out.
/// </summary>
public static class BFloat16Rows
{
    /// <summary>destination[i] = the bfloat16 nearest to source[i], ties to even; NaN stays NaN.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Narrow(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        Require.SameLength(source.Length, destination.Length);
        int done = 0;
        ref uint from = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(source));
        ref ushort to = ref MemoryMarshal.GetReference(destination);
        if (Vector512.IsHardwareAccelerated)
        {
            for (; done <= source.Length - 32; done += 32)
            {
                Vector512<uint> low = Round(Vector512.LoadUnsafe(ref Unsafe.Add(ref from, done)));
                Vector512<uint> high = Round(Vector512.LoadUnsafe(ref Unsafe.Add(ref from, done + 16)));
                Vector512.Narrow(low, high).StoreUnsafe(ref Unsafe.Add(ref to, done));
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; done <= source.Length - 16; done += 16)
            {
                Vector256<uint> low = Round(Vector256.LoadUnsafe(ref Unsafe.Add(ref from, done)));
                Vector256<uint> high = Round(Vector256.LoadUnsafe(ref Unsafe.Add(ref from, done + 8)));
                Vector256.Narrow(low, high).StoreUnsafe(ref Unsafe.Add(ref to, done));
            }
        }

        for (; done < source.Length; done++)
            destination[done] = Narrow(source[done]);
    }

    /// <summary>destination[i] = source[i], exactly.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Widen(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Require.SameLength(source.Length, destination.Length);
        int done = 0;
        ref ushort from = ref MemoryMarshal.GetReference(source);
        ref uint to = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(destination));
        if (Vector512.IsHardwareAccelerated)
        {
            for (; done <= source.Length - 32; done += 32)
            {
                (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(Vector512.LoadUnsafe(ref Unsafe.Add(ref from, done)));
                (low << 16).StoreUnsafe(ref Unsafe.Add(ref to, done));
                (high << 16).StoreUnsafe(ref Unsafe.Add(ref to, done + 16));
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; done <= source.Length - 16; done += 16)
            {
                (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.LoadUnsafe(ref Unsafe.Add(ref from, done)));
                (low << 16).StoreUnsafe(ref Unsafe.Add(ref to, done));
                (high << 16).StoreUnsafe(ref Unsafe.Add(ref to, done + 8));
            }
        }

        for (; done < source.Length; done++)
            destination[done] = BitConverter.UInt32BitsToSingle((uint)source[done] << 16);
    }

    internal static ushort Narrow(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // Rounding could carry a NaN's payload away and leave infinity.
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static Vector512<uint> Round(Vector512<uint> bits)
    {
        Vector512<uint> upper = bits >> 16;
        Vector512<uint> rounded = (bits + Vector512.Create(0x7FFFu) + (upper & Vector512<uint>.One)) >> 16;
        Vector512<uint> ordered = Vector512.Equals(bits.AsSingle(), bits.AsSingle()).AsUInt32();
        return Vector512.ConditionalSelect(ordered, rounded, upper | Vector512.Create(0x40u));
    }

    private static Vector256<uint> Round(Vector256<uint> bits)
    {
        Vector256<uint> upper = bits >> 16;
        Vector256<uint> rounded = (bits + Vector256.Create(0x7FFFu) + (upper & Vector256<uint>.One)) >> 16;
        Vector256<uint> ordered = Vector256.Equals(bits.AsSingle(), bits.AsSingle()).AsUInt32();
        return Vector256.ConditionalSelect(ordered, rounded, upper | Vector256.Create(0x40u));
    }
}
