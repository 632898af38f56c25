using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Tests.Models;

/// <summary>Random weights under the names of a checkpoint; norms around 1.</summary>
internal sealed class RandomTensors
{
    public RandomTensors(IEnumerable<TensorDescription> tensors, int seed, float size = 0.5f)
    {
        Random random = new(seed);
        foreach (TensorDescription tensor in tensors)
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, length) => product * length)];
            bool norm = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal);
            for (int i = 0; i < values.Length; i++)
                values[i] = (random.NextSingle() * 2 - 1) * size + (norm ? 1 : 0);
            Values[tensor.Name] = values;
        }
    }

    public Dictionary<string, float[]> Values { get; } = [];

    public float[] this[string name] => Values[name];

    public void Read(string name, Span<float> destination)
    {
        Assert.Equal(Values[name].Length, destination.Length);
        Values[name].CopyTo(destination);
    }

    /// <summary>W x + b in double precision, the weight as [output, input].</summary>
    public double[] Linear(string weight, string? bias, double[] x)
    {
        float[] w = Values[weight];
        double[] y = new double[w.Length / x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = bias is null ? 0 : Values[bias][i];
            for (int j = 0; j < x.Length; j++)
                y[i] += (double)w[i * x.Length + j] * x[j];
        }

        return y;
    }

    public double[] Row(string table, int index, int width) =>
        [.. Values[table].AsSpan(index * width, width).ToArray().Select(value => (double)value)];
}
