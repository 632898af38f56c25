using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>y = x W (+ b), for any number of rows.</summary>
internal sealed class Linear(PackedMatrix weight, float[]? bias)
{
    public int InputWidth => weight.K;

    public int OutputWidth => weight.N;

    /// <summary>[k, n]; the columns are the outputs.</summary>
    public PackedMatrix Weight => weight;

    /// <summary>[n]; empty if there is none.</summary>
    public ReadOnlySpan<float> Bias => bias;

    /// <summary>A layer whose weights lie as [output, input] in one tensor or in several, one above the other.</summary>
    public static Linear FromOutputRows(TensorReader read, int inputWidth, ReadOnlySpan<(string Weight, string? Bias, int OutputWidth)> parts)
    {
        int outputWidth = 0;
        foreach ((_, _, int width) in parts)
            outputWidth += width;
        float[] rows = new float[checked(outputWidth * inputWidth)];
        float[]? bias = parts[0].Bias is null ? null : new float[outputWidth];
        int row = 0;
        foreach ((string weightName, string? biasName, int width) in parts)
        {
            read(weightName, rows.AsSpan(row * inputWidth, width * inputWidth));
            if (biasName is not null)
                read(biasName, bias.AsSpan(row, width));
            row += width;
        }

        return new(PackedMatrix.FromOutputRows(rows, outputWidth, inputWidth), bias);
    }

    /// <summary>A layer whose weight lies as [input, output], with a bias: GPT-2's Conv1D.</summary>
    public static Linear FromInputRows(TensorReader read, string name, int inputWidth, int outputWidth)
    {
        float[] rows = new float[checked(inputWidth * outputWidth)];
        read(name + ".weight", rows);
        float[] bias = new float[outputWidth];
        read(name + ".bias", bias);
        return new(PackedMatrix.FromInputRows(rows, inputWidth, outputWidth), bias);
    }

    /// <param name="input">[rows, input].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="output">Receives [rows, output].</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Apply(ReadOnlySpan<float> input, int rows, Span<float> output, WorkerPool pool) =>
        Gemm.Multiply(input, rows, weight, bias, output, pool);
}
