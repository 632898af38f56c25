namespace Ashlar.Kernels.Tests;

/// <summary>Each gradient against the slope of its own forward kernel's formula, computed in double.</summary>
public sealed class GradientTests
{
    public static TheoryData<int> Lengths { get; } = [1, 5, 16, 31, 64, 100];

    [Theory, MemberData(nameof(Lengths))]
    public void Layer_norm(int length)
    {
        float[] x = Values(length, 1), w = Values(length, 2), g = Values(length, 3);
        float[] dx = Values(length, 4), dw = Values(length, 5), db = Values(length, 6);
        double Loss(double[] input, double[] weight, double[] bias)
        {
            double mean = input.Average(), variance = input.Average(value => (value - mean) * (value - mean));
            return input.Select((value, i) => ((value - mean) / Math.Sqrt(variance + 0.1) * weight[i] + bias[i]) * g[i]).Sum();
        }

        double[] bias = new double[length];
        float[] expectedX = Sum(dx, Slopes(x, value => Loss(value, Doubles(w), bias)));
        float[] expectedW = Sum(dw, Slopes(w, value => Loss(Doubles(x), value, bias)));
        float[] expectedB = Sum(db, g);
        LayerNormGradient.Accumulate(x, w, 0.1f, g, dx, dw, db);
        Close(expectedX, dx);
        Close(expectedW, dw);
        Close(expectedB, db);
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Rms_norm(int length)
    {
        float[] x = Values(length, 1), w = Values(length, 2), g = Values(length, 3);
        float[] dx = Values(length, 4), dw = Values(length, 5);
        double Loss(double[] input, double[] weight)
        {
            double scale = 1 / Math.Sqrt(input.Average(value => value * value) + 0.1);
            return input.Select((value, i) => value * scale * weight[i] * g[i]).Sum();
        }

        float[] expectedX = Sum(dx, Slopes(x, value => Loss(value, Doubles(w))));
        float[] expectedW = Sum(dw, Slopes(w, value => Loss(Doubles(x), value)));
        RmsNormGradient.Accumulate(x, w, 0.1f, g, dx, dw);
        Close(expectedX, dx);
        Close(expectedW, dw);
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Smoothed_cross_entropy(int length)
    {
        float[] x = Values(length, 1);
        int target = length / 2;
        const double Smoothing = 0.15;
        double Loss(double[] logits)
        {
            double logSum = Math.Log(logits.Sum(Math.Exp));
            return logits.Select((logit, i) => (logSum - logit) * ((Smoothing / length) + (i == target ? 1 - Smoothing : 0))).Sum();
        }

        float[] expected = Slopes(x, Loss);
        Assert.Equal(Loss(Doubles(x)), CrossEntropy.Differentiate(x, target, (float)Smoothing), 1e-4);
        Close(expected, x);
        Assert.Throws<ArgumentOutOfRangeException>(() => CrossEntropy.Differentiate(new float[length], 0, -0.1f));
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Rectifier_and_scaling(int length)
    {
        float[] x = Values(length, 1), g = Values(length, 2);
        x[0] = 0;
        float[] expected = [.. g.Select((value, i) => x[i] > 0 ? value : 0)], scaled = [.. g.Select(value => value * 1.5f)];
        float[] copy = [.. g];
        ReluGradient.Apply(x, g);
        Assert.Equal(expected, g);
        Scaling.Apply(copy, 1.5f);
        Assert.Equal(scaled, copy);
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Gelu_in_both_forms(int length)
    {
        float[] x = Values(length, 1), g = Values(length, 2), exact = [.. g];
        float[] expected = Slopes(x, value => value.Select((v, i) => g[i] * 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)))).Sum());
        GeluGradient.ApplyTanh(x, g);
        Close(expected, g);

        float[] copy = [.. exact];
        expected = Slopes(x, value => value.Select((v, i) => copy[i] * v * NormalDistribution(v)).Sum());
        GeluGradient.ApplyExact(x, exact);
        Close(expected, exact);
    }

    [Fact]
    public void Gelu_far_from_zero_is_a_step()
    {
        float[] x = [-100, -30, 30, 100, -1e4f, 1e4f], g = [1, 1, 1, 1, 1, 1];
        float[] both = [.. x, .. x, .. x], gradient = [.. g, .. g, .. g];
        GeluGradient.ApplyTanh(both, gradient);
        for (int i = 0; i < both.Length; i++)
            Assert.Equal(both[i] > 0 ? 1 : 0, gradient[i], 1e-6f);
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Silu_gate(int length)
    {
        float[] gate = Values(length, 1), up = Values(length, 2), g = Values(length, 3);
        double Loss(double[] a, double[] b) => a.Select((v, i) => v / (1 + Math.Exp(-v)) * b[i] * g[i]).Sum();
        float[] expectedGate = Slopes(gate, value => Loss(value, Doubles(up)));
        float[] expectedUp = Slopes(up, value => Loss(Doubles(gate), value));
        SiluGateGradient.Apply(gate, up, g);
        Close(expectedGate, gate);
        Close(expectedUp, up);
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Cross_entropy(int length)
    {
        float[] logits = [.. Values(length, 1).Select(value => value * 20)];
        int target = length / 2;
        double Loss(double[] value) => Math.Log(value.Sum(v => Math.Exp(v - value.Max()))) + value.Max() - value[target];
        double expected = Loss(Doubles(logits));
        float[] slopes = Slopes(logits, Loss);
        Assert.Equal(expected, CrossEntropy.Differentiate(logits, target), 1e-4);
        Close(slopes, logits);
        Assert.Throws<ArgumentOutOfRangeException>(() => CrossEntropy.Differentiate(new float[length], length));
    }

    [Theory, MemberData(nameof(Lengths))]
    public void BFloat16_rounds_to_nearest_even(int length)
    {
        float[] values = Values(length, 1);
        values[0] = BitConverter.UInt32BitsToSingle(0x3F808000); // half way between 1 and the next: to even, 1
        if (length > 4)
        {
            values[1] = BitConverter.UInt32BitsToSingle(0x3F818000); // half way, the lower one odd: up
            values[2] = float.NaN;
            values[3] = float.NegativeInfinity;
            values[4] = BitConverter.UInt32BitsToSingle(0x7FFFFFFF); // NaN whose rounding would carry into the sign
        }

        ushort[] narrow = new ushort[length];
        BFloat16Rows.Narrow(values, narrow);
        Assert.Equal(0x3F80, narrow[0]);
        if (length > 4)
        {
            Assert.Equal(0x3F82, narrow[1]);
            Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)narrow[2] << 16)));
            Assert.Equal(0xFF80, narrow[3]);
            Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)narrow[4] << 16)));
        }

        float[] wide = new float[length];
        BFloat16Rows.Widen(narrow, wide);
        for (int i = 5; i < length; i++)
            Assert.InRange(wide[i], values[i] - Math.Abs(values[i]) / 256, values[i] + Math.Abs(values[i]) / 256);
        for (int i = 0; i < length; i++)
            Assert.Equal(narrow[i], (ushort)(BitConverter.SingleToUInt32Bits(wide[i]) >> 16));
    }

    [Fact]
    public void Dropout_drops_its_share_and_repeats_itself()
    {
        float[] values = new float[100_000];
        Array.Fill(values, 1);
        Dropout.Apply(values, 0.3f, seed: 7, index: 0);
        int dropped = values.Count(value => value == 0);
        Assert.InRange(dropped, 29_500, 30_500); // 3.5 standard deviations
        Assert.All(values, value => Assert.True(value == 0 || value == 1 / (1 - 0.3f)));

        // Any part of it alone, at any offset, is the same; another seed is not.
        float[] part = new float[1000];
        Array.Fill(part, 1);
        Dropout.Apply(part, 0.3f, seed: 7, index: 12_345);
        Assert.Equal(values.AsSpan(12_345, 1000).ToArray(), part);
        Array.Fill(part, 1);
        Dropout.Apply(part, 0.3f, seed: 8, index: 12_345);
        int same = part.Zip(values.Skip(12_345)).Count(pair => (pair.First == 0) == (pair.Second == 0));
        Assert.InRange(same, 510, 650); // independent choices agree with probability 0.58
    }

    private static float[] Values(int length, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)(2 * random.NextDouble() - 1))];
    }

    private static double[] Doubles(float[] values) => [.. values.Select(value => (double)value)];

    private static float[] Sum(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static float[] Slopes(float[] at, Func<double[], double> function)
    {
        float[] slopes = new float[at.Length];
        for (int i = 0; i < at.Length; i++)
        {
            double[] above = Doubles(at), below = Doubles(at);
            above[i] += 1e-5;
            below[i] -= 1e-5;
            slopes[i] = (float)((function(above) - function(below)) / 2e-5);
        }

        return slopes;
    }

    private static double NormalDistribution(double x)
    {
        // Simpson's rule over the density, which is all that a test needs.
        const int Steps = 2000;
        double sum = 0, width = x / Steps;
        for (int i = 0; i <= Steps; i++)
            sum += Math.Exp(-0.5 * i * width * i * width) * (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2);
        return 0.5 + sum * width / 3 / Math.Sqrt(2 * Math.PI);
    }

    private static void Close(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-5f * (1 + Math.Abs(expected[i])));
    }
}
