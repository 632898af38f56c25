using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class RopeTests
{
    [Fact]
    public void Rotates_component_i_with_component_i_plus_half()
    {
        float[] cosines = new float[2], sines = new float[2], head = [1, 0, 0, 1];
        Rope.Angles([Math.PI / 2, Math.PI], position: 1, cosines, sines);
        Rope.Apply(head, cosines, sines); // (1, 0) turned by 90 degrees; (0, 1) by 180
        RandomRows.Close([0, 0, 1, -1], head);
    }

    [Fact]
    public void Frequencies_fall_geometrically() =>
        Assert.Equal([1, 0.1, 0.01, 0.001], Rope.Frequencies(8, 10_000).Select(f => Math.Round(f, 12)));

    [Fact]
    public void Agrees_with_the_scalar_form_and_keeps_lengths() => RandomRows.Row.Sample(row =>
    {
        int half = row.Length;
        float[] head = [.. row, .. row.Reverse()], expected = [.. head];
        float[] cosines = new float[half], sines = new float[half];
        Rope.Angles(Rope.Frequencies(2 * half, 10_000), 77, cosines, sines);
        Rope.Scalar(expected, cosines, sines);
        double before = head.Sum(x => (double)x * x);
        Rope.Apply(head, cosines, sines);
        RandomRows.Close(expected, head);
        RandomRows.Close(before, head.Sum(x => (double)x * x), 1e-5);
    });

    [Fact]
    public void Products_depend_on_the_distance_alone() =>
        Gen.Select(RandomRows.Value.Array[32], RandomRows.Value.Array[32], Gen.Int[0, 200]).Sample((q, k, shift) =>
            RandomRows.Close(At(q, k, 9, 4), At(q, k, 9 + shift, 4 + shift), 1e-4, 2e-3), iter: 100);

    // Llama 3.1: factor 8, low 1, high 4, original 8192. Computed by hand from the three cases.
    [Fact]
    public void Llama3_scaling_keeps_short_waves_and_divides_long_ones()
    {
        double[] frequencies = [1, 2 * Math.PI / 4096, 1e-6];
        Rope.ScaleLlama3(frequencies, 8, 1, 4, 8192);
        double smooth = (8192.0 / 4096 - 1) / 3;
        Assert.Equal(1, frequencies[0]);
        RandomRows.Close(2 * Math.PI / 4096 * (smooth + (1 - smooth) / 8), frequencies[1], 1e-12, 0);
        RandomRows.Close(1e-6 / 8, frequencies[2], 1e-12, 0);
    }

    [Fact]
    public void An_odd_head_is_refused() => Assert.Throws<ArgumentException>(() => Rope.Frequencies(3, 10_000));

    private static float At(float[] query, float[] key, int queryPosition, int keyPosition)
    {
        double[] frequencies = Rope.Frequencies(32, 10_000);
        float[] cosines = new float[16], sines = new float[16];
        float[] q = [.. query], k = [.. key];
        Rope.Angles(frequencies, queryPosition, cosines, sines);
        Rope.Apply(q, cosines, sines);
        Rope.Angles(frequencies, keyPosition, cosines, sines);
        Rope.Apply(k, cosines, sines);
        return Dot.Product(q, k);
    }
}
