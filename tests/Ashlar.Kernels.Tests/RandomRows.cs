using CsCheck;

namespace Ashlar.Kernels.Tests;

/// <summary>Rows of ordinary numbers of every length around the register widths.</summary>
internal static class RandomRows
{
    public static Gen<float> Value { get; } = Gen.Float[-8, 8];

    public static Gen<float[]> Row { get; } = Value.Array[1, 150];

    /// <summary>Two rows of the same length.</summary>
    public static Gen<(float[] First, float[] Second)> Pair { get; } =
        Gen.Int[1, 150].SelectMany(n => Gen.Select(Value.Array[n], Value.Array[n]));

    public static void Close(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double relative = 1e-5, double absolute = 1e-6)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Close(expected[i], actual[i], relative, absolute);
    }

    public static void Close(double expected, double actual, double relative = 1e-5, double absolute = 1e-6)
    {
        if (double.IsNaN(expected) || double.IsInfinity(expected))
            Assert.Equal(expected, actual);
        else
            Assert.InRange(actual - expected, -absolute - relative * Math.Abs(expected), absolute + relative * Math.Abs(expected));
    }
}
