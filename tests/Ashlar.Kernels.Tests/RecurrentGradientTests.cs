namespace Ashlar.Kernels.Tests;

/// <summary>One step back through each recurrent cell against the slope of the forward formula, computed in double.</summary>
public sealed class RecurrentGradientTests
{
    public static TheoryData<int> Widths { get; } = [1, 5, 16, 31, 64, 100];

    [Theory, MemberData(nameof(Widths))]
    public void Lstm(int width)
    {
        float[] sums = Values(4 * width, 1), previous = Values(width, 2), hiddenGradient = Values(width, 3), memoryGradient = Values(width, 4);

        // What the hidden state and the memory are worth to the rest of the network, so that its slopes are their gradients.
        double Loss(double[] s, double[] p)
        {
            double loss = 0;
            for (int i = 0; i < width; i++)
            {
                double memory = Sigmoid(s[width + i]) * p[i] + Sigmoid(s[i]) * Math.Tanh(s[2 * width + i]);
                loss += memory * memoryGradient[i] + Sigmoid(s[3 * width + i]) * Math.Tanh(memory) * hiddenGradient[i];
            }

            return loss;
        }

        float[] expectedSums = Slopes(sums, s => Loss(s, Doubles(previous))), expectedMemory = Slopes(previous, p => Loss(Doubles(sums), p));
        float[] gates = [.. sums], memory = [.. previous], hidden = new float[width], gradient = [.. memoryGradient];
        LstmCell.Apply(gates, memory, hidden);
        LstmCellGradient.Apply(gates, previous, memory, hiddenGradient, gradient);
        Close(expectedSums, gates);
        Close(expectedMemory, gradient);
    }

    [Theory, MemberData(nameof(Widths))]
    public void Gru(int width)
    {
        float[] input = Values(3 * width, 1), recurrent = Values(3 * width, 2), previous = Values(width, 3), hiddenGradient = Values(width, 4);

        double Loss(double[] x, double[] u, double[] p)
        {
            double loss = 0;
            for (int i = 0; i < width; i++)
            {
                double r = Sigmoid(x[i] + u[i]), z = Sigmoid(x[width + i] + u[width + i]);
                double n = Math.Tanh(x[2 * width + i] + r * u[2 * width + i]);
                loss += ((1 - z) * n + z * p[i]) * hiddenGradient[i];
            }

            return loss;
        }

        float[] expectedInput = Slopes(input, x => Loss(x, Doubles(recurrent), Doubles(previous)));
        float[] expectedRecurrent = Slopes(recurrent, u => Loss(Doubles(input), u, Doubles(previous)));
        float[] expectedPrevious = Slopes(previous, p => Loss(Doubles(input), Doubles(recurrent), p));
        float[] gates = [.. input], hidden = new float[width], recurrentGradient = new float[3 * width], gradient = [.. hiddenGradient];
        GruCell.Apply(gates, recurrent, previous, hidden);
        GruCellGradient.Apply(gates, recurrent.AsSpan(2 * width), previous, gradient, recurrentGradient, gradient);
        Close(expectedInput, gates);
        Close(expectedRecurrent, recurrentGradient);
        Close(expectedPrevious, gradient);
    }

    [Theory, MemberData(nameof(Widths))]
    public void Elman(int width)
    {
        float[] sums = Values(width, 1), hiddenGradient = Values(width, 2);
        float[] expected = Slopes(sums, s => s.Select((value, i) => Math.Tanh(value) * hiddenGradient[i]).Sum());
        float[] hidden = [.. sums], gradient = new float[width];
        Tanh.Apply(hidden);
        ElmanCellGradient.ApplyTanh(hidden, hiddenGradient, gradient);
        Close(expected, gradient);

        expected = Slopes(sums, s => s.Select((value, i) => Math.Max(value, 0) * hiddenGradient[i]).Sum());
        hidden = [.. sums];
        Relu.Apply(hidden);
        ElmanCellGradient.ApplyRelu(hidden, hiddenGradient, gradient);
        Close(expected, gradient);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        float[] four = new float[4], five = new float[5], sixteen = new float[16], twelve = new float[12];
        Assert.Throws<ArgumentException>(() => LstmCellGradient.Apply(twelve, four, four, four, four));
        Assert.Throws<ArgumentException>(() => LstmCellGradient.Apply(sixteen, five, four, four, four));
        Assert.Throws<ArgumentException>(() => GruCellGradient.Apply(sixteen, four, four, four, twelve, four));
        Assert.Throws<ArgumentException>(() => GruCellGradient.Apply(twelve, four, four, five, twelve, four));
        Assert.Throws<ArgumentException>(() => ElmanCellGradient.ApplyTanh(four, five, four));
        Assert.Throws<ArgumentException>(() => ElmanCellGradient.ApplyRelu(four, four, five));
    }

    [Fact]
    public void A_matrix_is_packed_anew_into_the_same_memory()
    {
        (int k, int n) = (5, 37);
        float[] first = Values(k * n, 1), second = Values(k * n, 2), a = Values(2 * k, 3), expected = new float[2 * n], actual = new float[2 * n];
        PackedMatrix packed = PackedMatrix.FromOutputRows(first, n, k);
        packed.SetOutputRows(second);
        Gemm.Multiply(a, 2, PackedMatrix.FromOutputRows(second, n, k), [], expected);
        Gemm.Multiply(a, 2, packed, [], actual);
        Assert.Equal(expected, actual);
        packed.SetInputRows(first);
        Gemm.Multiply(a, 2, PackedMatrix.FromInputRows(first, k, n), [], expected);
        Gemm.Multiply(a, 2, packed, [], actual);
        Assert.Equal(expected, actual);
        Assert.Throws<ArgumentException>(() => packed.SetInputRows(a));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static float[] Values(int length, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (float)(4 * random.NextDouble() - 2))];
    }

    private static double[] Doubles(float[] values) => [.. values.Select(value => (double)value)];

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

    private static void Close(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-5f * (1 + Math.Abs(expected[i])));
    }
}
