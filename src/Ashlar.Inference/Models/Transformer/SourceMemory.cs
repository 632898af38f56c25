using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>
/// What the decoder's layers see of one source: keys, transposed, and values, computed once and shared by every state that
/// translates it.
/// </summary>
internal sealed class SourceMemory
{
    private readonly float[] _values;
    private readonly int _headCount;
    private readonly int _headWidth;

    /// <param name="projected">[length, layers, key and value, width].</param>
    /// <param name="length">Tokens of the source.</param>
    /// <param name="layerCount">Layers of the decoder.</param>
    /// <param name="headCount">Heads of each.</param>
    /// <param name="headWidth">Width of a head.</param>
    public SourceMemory(ReadOnlySpan<float> projected, int length, int layerCount, int headCount, int headWidth)
    {
        (Length, RowLength, _headCount, _headWidth) = (length, HeadAttention.RowLength(length), headCount, headWidth);
        _values = new float[layerCount * headCount * HeadSize];
        int width = headCount * headWidth;
        for (int row = 0; row < length; row++)
        {
            for (int layer = 0; layer < layerCount; layer++)
            {
                ReadOnlySpan<float> both = projected.Slice((row * layerCount + layer) * 2 * width, 2 * width);
                for (int head = 0; head < headCount; head++)
                {
                    Span<float> own = _values.AsSpan((layer * headCount + head) * HeadSize, HeadSize);
                    HeadAttention.Transpose(both.Slice(head * headWidth, headWidth), row, RowLength, own);
                    both.Slice(width + head * headWidth, headWidth).CopyTo(own[(headWidth * RowLength + row * headWidth)..]);
                }
            }
        }
    }

    /// <summary>Tokens of the source.</summary>
    public int Length { get; }

    /// <summary>Length of a row of keys.</summary>
    public int RowLength { get; }

    private int HeadSize => _headWidth * (RowLength + Length);

    /// <summary>Attends to the source. Sizes are those of <see cref="HeadAttention.Apply"/>.</summary>
    public void Attend(int layer, int head, ReadOnlySpan<float> query, Span<float> result, Span<float> weights)
    {
        ReadOnlySpan<float> own = _values.AsSpan((layer * _headCount + head) * HeadSize, HeadSize);
        HeadAttention.Apply(query, own[..(_headWidth * RowLength)], own[(_headWidth * RowLength)..], Length, result, weights);
    }
}
