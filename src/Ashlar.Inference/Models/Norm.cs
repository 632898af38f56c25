using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>LayerNorm where there is a bias, RMSNorm where there is none.</summary>
internal sealed class Norm(float[] weight, float[]? bias, double epsilon)
{
    private readonly float _epsilon = (float)epsilon;

    public int Width => weight.Length;

    public static Norm Layer(TensorReader read, string name, int width, double epsilon)
    {
        (float[] weight, float[] bias) = (new float[width], new float[width]);
        read(name + ".weight", weight);
        read(name + ".bias", bias);
        return new(weight, bias, epsilon);
    }

    public static Norm RootMeanSquare(TensorReader read, string name, int width, double epsilon)
    {
        float[] weight = new float[width];
        read(name + ".weight", weight);
        return new(weight, null, epsilon);
    }

    /// <summary>Normalises each row of [rows, width]; the output may be the input.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        for (int at = 0; at < input.Length; at += weight.Length)
        {
            ReadOnlySpan<float> row = input.Slice(at, weight.Length);
            Span<float> normal = output.Slice(at, weight.Length);
            if (bias is null)
                RmsNorm.Apply(row, weight, _epsilon, normal);
            else
                LayerNorm.Apply(row, weight, bias, _epsilon, normal);
        }
    }
}
