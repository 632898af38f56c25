using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>A table of embeddings, of its own or the columns of an output projection that is tied to it.</summary>
internal sealed class TokenTable(float[]? rows, PackedMatrix? columns, int width)
{
    public static TokenTable Read(TensorReader read, string name, int count, int width)
    {
        float[] rows = new float[checked(count * width)];
        read(name, rows);
        return new(rows, null, width);
    }

    public static TokenTable Tied(Linear projection) => new(null, projection.Weight, projection.InputWidth);

    /// <summary>Copies a token's embedding: [width].</summary>
    public void Copy(int token, Span<float> destination)
    {
        if (rows is not null)
            rows.AsSpan(token * width, width).CopyTo(destination);
        else
            columns!.CopyColumn(token, destination[..width]);
    }
}
