using System.Buffers;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Recurrent;

/// <summary>
/// The first layer's W x + b of tokens. As x is one of a few vectors, all the products are computed once and looked up, if
/// the table is not too large; a one-hot input is such a table already.
/// </summary>
internal sealed class TokenInput
{
    // 16 MB: tables of characters and of small word vocabularies, not one several times as large as the model.
    private const int LargestTable = 1 << 22;

    private readonly int _gateWidth;
    private readonly float[]? _table;
    private readonly Linear? _projection;
    private readonly Action<int, Span<float>>? _embed;

    private TokenInput(int gateWidth, float[]? table, Linear? projection, Action<int, Span<float>>? embed) =>
        (_gateWidth, _table, _projection, _embed) = (gateWidth, table, projection, embed);

    /// <summary>Reads the embedding and the first layer's input weights.</summary>
    /// <param name="c">The model's shape.</param>
    /// <param name="output">The output projection, which is the embedding too where they are tied.</param>
    /// <param name="read">Reads the tensors.</param>
    public static TokenInput Load(RecurrentConfiguration c, Linear output, TensorReader read)
    {
        int gateWidth = c.Cell.GateCount() * c.HiddenWidth;
        float[]? bias = RecurrentLayer.InputBias(c.Cell, gateWidth, c.Bias, "rnn.", "_l0", read);
        float[] weight = new float[checked(gateWidth * c.InputWidth)];
        read("rnn.weight_ih_l0", weight);
        if (c.EmbeddingWidth == 0)
            return new(gateWidth, Columns(weight, gateWidth, c.VocabularySize, bias), null, null);

        Linear projection = new(PackedMatrix.FromOutputRows(weight, gateWidth, c.EmbeddingWidth), bias);
        float[]? embedding = null;
        if (!c.TieEmbeddings)
            read("encoder.weight", embedding = new float[checked(c.VocabularySize * c.EmbeddingWidth)]);
        Action<int, Span<float>> embed = embedding is null
            ? output.Weight.CopyColumn
            : (token, row) => embedding.AsSpan(token * c.EmbeddingWidth, c.EmbeddingWidth).CopyTo(row);
        TokenInput computed = new(gateWidth, null, projection, embed);
        if ((long)c.VocabularySize * gateWidth > LargestTable)
            return computed;
        float[] table = new float[c.VocabularySize * gateWidth];
        computed.Project([.. Enumerable.Range(0, c.VocabularySize)], table, WorkerPool.Single);
        return new(gateWidth, table, null, null);
    }

    /// <param name="tokens">[rows].</param>
    /// <param name="gates">Receives [rows, gates * hidden].</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Project(ReadOnlySpan<int> tokens, Span<float> gates, WorkerPool pool)
    {
        if (_table is not null)
        {
            for (int row = 0; row < tokens.Length; row++)
                _table.AsSpan(tokens[row] * _gateWidth, _gateWidth).CopyTo(gates[(row * _gateWidth)..]);
            return;
        }

        int width = _projection!.InputWidth;
        float[] rows = ArrayPool<float>.Shared.Rent(tokens.Length * width);
        for (int row = 0; row < tokens.Length; row++)
            _embed!(tokens[row], rows.AsSpan(row * width, width));
        _projection.Apply(rows, tokens.Length, gates, pool);
        ArrayPool<float>.Shared.Return(rows);
    }

    private static float[] Columns(float[] weight, int rows, int columns, float[]? bias)
    {
        float[] table = new float[weight.Length];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                table[column * rows + row] = weight[row * columns + column] + (bias is null ? 0 : bias[row]);
        return table;
    }
}
