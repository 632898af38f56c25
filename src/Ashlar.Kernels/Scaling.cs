using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ashlar.Kernels;

/// <summary>Multiplication of a vector by a number.</summary>
public static class Scaling
{
    /// <summary>values[i] *= factor.</summary>
    public static void Apply(Span<float> values, float factor)
    {
        int done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            ref float first = ref MemoryMarshal.GetReference(values);
            for (; done <= values.Length - Vector<float>.Count; done += Vector<float>.Count)
                (Vector.LoadUnsafe(ref Unsafe.Add(ref first, done)) * factor).StoreUnsafe(ref Unsafe.Add(ref first, done));
        }

        for (; done < values.Length; done++)
            values[done] *= factor;
    }
}
