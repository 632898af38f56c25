using System.Diagnostics;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>Chooses between the precisions of matrix products.</summary>
public static class ComputeTypes
{
    private static readonly Lazy<ComputeType> Measured = new(Measure);

    /// <summary>
    /// The one in which this machine multiplies matrices clearly faster, by a measurement of some milliseconds made once a process.
    /// bfloat16 is four times as fast as fp32 on some processors with AVX-512 BF16 or AMX, and half as fast on others.
    /// </summary>
    public static ComputeType Fastest() => Measured.Value;

    private static ComputeType Measure()
    {
        TorchRuntime.Initialize();
        // A machine that others use may slow one side down for a moment; the best of several is what it can do.
        double single = double.MaxValue, half = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            single = Math.Min(single, Product(ScalarType.Float32));
            half = Math.Min(half, Product(ScalarType.BFloat16));
        }

        return half < 0.75 * single ? ComputeType.BFloat16 : ComputeType.Float32;
    }

    private static double Product(ScalarType type)
    {
        using IDisposable detached = no_grad();
        using Tensor a = ones([512, 512], type), b = ones([512, 512], type), c = empty([512, 512], type);
        FusedOperators.MatrixMultiplyInto(c, a, b);
        long start = Stopwatch.GetTimestamp();
        FusedOperators.MatrixMultiplyInto(c, a, b);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
