using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ashlar.Kernels;

/// <summary>
/// Dropout (Srivastava et al. 2014) whose choices are a function of a seed and the value's index, so that the backward pass can
/// make them again instead of having them stored.
/// </summary>
public static class Dropout
{
    /// <summary>values[i] = 0 with the probability, else values[i] / (1 - probability), in place.</summary>
    /// <param name="values">Changed in place.</param>
    /// <param name="probability">Of dropping; at least 0 and below 1.</param>
    /// <param name="seed">Of this use.</param>
    /// <param name="index">The index of the first value; the others follow.</param>
    public static void Apply(Span<float> values, float probability, uint seed, uint index)
    {
        float scale = 1 / (1 - probability);
        uint threshold = (uint)(probability * 4294967296.0);
        int done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            Vector<uint> counter = Vector.CreateSequence(index, 1u);
            ref float first = ref MemoryMarshal.GetReference(values);
            for (; done <= values.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector<float> kept = Vector.LoadUnsafe(ref Unsafe.Add(ref first, done)) * scale;
                Vector<uint> keep = Vector.GreaterThanOrEqual(Hash(counter, seed), new Vector<uint>(threshold));
                Vector.AsVectorSingle(Vector.AsVectorUInt32(kept) & keep).StoreUnsafe(ref Unsafe.Add(ref first, done));
                counter += new Vector<uint>((uint)Vector<float>.Count);
            }
        }

        for (; done < values.Length; done++)
            values[done] = Hash(index + (uint)done, seed) >= threshold ? values[done] * scale : 0;
    }

    // The finaliser of MurmurHash3, twice keyed: neighbouring counters give unrelated bits.
    internal static uint Hash(uint counter, uint seed)
    {
        uint h = (counter * 0x9E3779B9) ^ seed;
        h = (h ^ (h >> 16)) * 0x85EBCA6B;
        h = (h ^ (h >> 13)) * 0xC2B2AE35;
        h = ((h ^ (h >> 16)) + seed) * 0x9E3779B9;
        return h ^ (h >> 15);
    }

    private static Vector<uint> Hash(Vector<uint> counter, uint seed)
    {
        Vector<uint> key = new(seed);
        Vector<uint> h = (counter * 0x9E3779B9) ^ key;
        h = (h ^ (h >>> 16)) * 0x85EBCA6B;
        h = (h ^ (h >>> 13)) * 0xC2B2AE35;
        h = ((h ^ (h >>> 16)) + key) * 0x9E3779B9;
        return h ^ (h >>> 15);
    }
}
