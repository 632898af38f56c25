using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ashlar.Kernels;

/// <summary>The gradient of <see cref="Relu"/>.</summary>
public static class ReluGradient
{
    /// <summary>gradient[i] = 0 where output[i] is not above 0; the output may have gone through dropout.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> output, Span<float> gradient)
    {
        Require.SameLength(output.Length, gradient.Length);
        int done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            ref float x = ref MemoryMarshal.GetReference(output);
            ref float d = ref MemoryMarshal.GetReference(gradient);
            for (; done <= output.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector<int> above = Vector.GreaterThan(Vector.LoadUnsafe(ref Unsafe.Add(ref x, done)), Vector<float>.Zero);
                Vector.ConditionalSelect(above, Vector.LoadUnsafe(ref Unsafe.Add(ref d, done)), Vector<float>.Zero)
                    .StoreUnsafe(ref Unsafe.Add(ref d, done));
            }
        }

        for (; done < output.Length; done++)
        {
            if (!(output[done] > 0))
                gradient[done] = 0;
        }
    }
}
