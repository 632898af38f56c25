using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class RecurrentCellTests
{
    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.7310585786)]
    [InlineData(-1, 0.2689414214)]
    [InlineData(-20, 2.0611536e-9)]
    [InlineData(100, 1)]
    [InlineData(-200, 0)]
    public void Sigmoid_by_hand(float x, double expected)
    {
        float[] row = [.. Enumerable.Repeat(x, 33)];
        Sigmoid.Apply(row);
        Assert.All(row, y => RandomRows.Close(expected, y, 1e-6, 1e-12));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.001f, 0.000999999667)]
    [InlineData(-0.5f, -0.4621171573)]
    [InlineData(0.625f, 0.5545997223)]
    [InlineData(0.63f, 0.5580522156)]
    [InlineData(1, 0.7615941560)]
    [InlineData(-3, -0.9950547537)]
    [InlineData(50, 1)]
    [InlineData(-200, -1)]
    public void Tanh_by_hand(float x, double expected)
    {
        float[] row = [.. Enumerable.Repeat(x, 33)];
        Tanh.Apply(row);
        Assert.All(row, y => RandomRows.Close(expected, y, 5e-7, 1e-12));
    }

    [Fact]
    public void Not_a_number_and_the_infinite()
    {
        foreach (int length in new[] { 1, 40 })
        {
            float[] nan = [.. Enumerable.Repeat(float.NaN, length)], infinite = [.. Enumerable.Repeat(float.NegativeInfinity, length)];
            float[] second = [.. infinite], rectified = [.. nan];
            Tanh.Apply(nan);
            Tanh.Apply(infinite);
            Sigmoid.Apply(second);
            Relu.Apply(rectified);
            Assert.All(nan, y => Assert.True(float.IsNaN(y)));
            Assert.All(rectified, y => Assert.True(float.IsNaN(y)));
            Assert.All(infinite, y => Assert.Equal(-1, y));
            Assert.All(second, y => Assert.Equal(0, y));
        }
    }

    [Fact]
    public void Every_width_agrees_with_the_scalar_forms() => RandomRows.Row.Sample(row =>
    {
        float[] sigmoid = [.. row], tanh = [.. row], small = [.. row.Select(x => x / 64)], relu = [.. row];
        Sigmoid.Apply(sigmoid);
        Tanh.Apply(tanh);
        Tanh.Apply(small);
        Relu.Apply(relu);
        for (int i = 0; i < row.Length; i++)
        {
            RandomRows.Close(1 / (1 + Math.Exp(-row[i])), sigmoid[i], 1e-6, 0);
            RandomRows.Close(Math.Tanh(row[i]), tanh[i], 5e-7, 0);
            RandomRows.Close(Math.Tanh(row[i] / 64), small[i], 5e-7, 0);
            Assert.Equal(Math.Max(row[i], 0), relu[i]);
        }
    });

    // i = f = o = sigmoid(0) = 1/2 and g = tanh(1): c' = 1/2 * 2 + 1/2 * 0.76159, h' = 1/2 tanh(c').
    [Fact]
    public void Lstm_by_hand()
    {
        foreach (int width in new[] { 1, 37 })
        {
            float[] gates = [.. Four(width, 0, 0, 1, 0)], memory = [.. Enumerable.Repeat(2f, width)], hidden = new float[width];
            LstmCell.Apply(gates, memory, hidden);
            Assert.All(memory, c => RandomRows.Close(1.3807970780, c));
            Assert.All(hidden, h => RandomRows.Close(0.4405648142, h));
            RandomRows.Close([.. Four(width, 0.5f, 0.5f, 0.7615942f, 0.5f)], gates);
        }
    }

    // A forget gate shut and an input gate open replace the memory; the output gate shut shows nothing.
    [Fact]
    public void Lstm_gates_are_where_PyTorch_has_them()
    {
        float[] gates = [.. Four(20, 50, -50, 1, -50)], memory = [.. Enumerable.Repeat(9f, 20)], hidden = new float[20];
        LstmCell.Apply(gates, memory, hidden);
        Assert.All(memory, c => RandomRows.Close(0.7615942, c));
        Assert.All(hidden, h => RandomRows.Close(0, h));
    }

    // r = sigmoid(ln 3) = 3/4, z = sigmoid(-ln 3) = 1/4, n = tanh(0.5 + 3/4 * 2) = tanh 2 = 0.96403; h' = 3/4 n + 1/4 * 8.
    [Fact]
    public void Gru_by_hand()
    {
        foreach (int width in new[] { 1, 37 })
        {
            float ln3 = MathF.Log(3);
            float[] input = [.. Three(width, ln3 - 1, -ln3 + 2, 0.5f)], recurrent = [.. Three(width, 1, -2, 2)];
            float[] previous = [.. Enumerable.Repeat(8f, width)], hidden = new float[width];
            GruCell.Apply(input, recurrent, previous, hidden);
            Assert.All(hidden, h => RandomRows.Close(0.75 * 0.9640275801 + 2, h));
            RandomRows.Close([.. Three(width, 0.75f, 0.25f, 0.9640276f)], input);
            GruCell.Apply([.. Three(width, ln3 - 1, -ln3 + 2, 0.5f)], recurrent, previous, previous);
            Assert.Equal(hidden, previous);
        }
    }

    [Fact]
    public void Every_width_of_a_cell_agrees_with_its_scalar_form() => Gen.Int[1, 70].SelectMany(n => Gen.Select(
        RandomRows.Value.Array[4 * n], RandomRows.Value.Array[3 * n], RandomRows.Value.Array[3 * n], RandomRows.Value.Array[n])).Sample(
        (gates, input, recurrent, state) =>
        {
            int width = state.Length;
            float[] lstm = [.. gates], lstmScalar = [.. gates], memory = [.. state], memoryScalar = [.. state];
            float[] gru = [.. input], gruScalar = [.. input], hidden = new float[width], hiddenScalar = new float[width];
            LstmCell.Apply(lstm, memory, hidden);
            LstmCell.Scalar(lstmScalar, memoryScalar, hiddenScalar);
            RandomRows.Close(memoryScalar, memory);
            RandomRows.Close(hiddenScalar, hidden);
            RandomRows.Close(lstmScalar, lstm);
            GruCell.Apply(gru, recurrent, state, hidden);
            GruCell.Scalar(gruScalar, recurrent, state, hiddenScalar);
            RandomRows.Close(hiddenScalar, hidden);
            RandomRows.Close(gruScalar, gru);
        });

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LstmCell.Apply(new float[7], new float[2], new float[2]));
        Assert.Throws<ArgumentException>(() => LstmCell.Apply(new float[8], new float[3], new float[2]));
        Assert.Throws<ArgumentException>(() => GruCell.Apply(new float[6], new float[5], new float[2], new float[2]));
        Assert.Throws<ArgumentException>(() => GruCell.Apply(new float[6], new float[6], new float[1], new float[2]));
    }

    private static IEnumerable<float> Four(int width, float i, float f, float g, float o) =>
        new[] { i, f, g, o }.SelectMany(value => Enumerable.Repeat(value, width));

    private static IEnumerable<float> Three(int width, float r, float z, float n) =>
        new[] { r, z, n }.SelectMany(value => Enumerable.Repeat(value, width));
}
