namespace Ashlar.Kernels.Tests;

public sealed class SiluTests
{
    // x / (1 + e^-x), by hand.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.7310585786)]
    [InlineData(-1, -0.2689414214)]
    [InlineData(3, 2.8577223804)]
    [InlineData(-90, 0)]
    [InlineData(90, 90)]
    public void Silu_by_hand(float x, double expected)
    {
        float[] row = [.. Enumerable.Repeat(x, 35)];
        Silu.Apply(row);
        Assert.All(row, y => RandomRows.Close(expected, y, 1e-6, 1e-6));
    }
}
