using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>Tokens and their places to vectors, on one side of a Transformer.</summary>
internal sealed class TransformerEmbedding
{
    private readonly TokenTable _tokens;
    private readonly float[]? _positions;
    private readonly double[] _frequencies;
    private readonly float _scale;
    private readonly int _width;

    private TransformerEmbedding(TokenTable tokens, float[]? positions, double[] frequencies, float scale, int width) =>
        (_tokens, _positions, _frequencies, _scale, _width) = (tokens, positions, frequencies, scale, width);

    public bool Rotary => _frequencies.Length > 0;

    public static TransformerEmbedding Load(TransformerConfiguration c, TokenTable tokens, string side, TensorReader read)
    {
        float[]? positions = null;
        if (c.Positions == PositionEncoding.Learned)
            read($"model.{side}.embed_positions.weight", positions = new float[checked(c.MaximumLength * c.Width)]);
        else if (c.Positions == PositionEncoding.Sinusoidal)
            positions = Sinusoids(c.MaximumLength, c.Width);
        int headWidth = c.Width / (side == "encoder" ? c.EncoderHeadCount : c.DecoderHeadCount);
        double[] frequencies = c.Positions == PositionEncoding.Rotary ? Rope.Frequencies(headWidth, c.RopeTheta) : [];
        return new(tokens, positions, frequencies, c.ScaleEmbedding ? MathF.Sqrt(c.Width) : 1, c.Width);
    }

    /// <summary>The published sinusoids, sines in the first half: [length, width].</summary>
    public static float[] Sinusoids(int length, int width)
    {
        float[] table = new float[checked(length * width)];
        for (int position = 0; position < length; position++)
        {
            for (int i = 0; i < width / 2; i++)
            {
                double angle = position * Math.Pow(10_000, -2.0 * i / width);
                table[position * width + i] = (float)Math.Sin(angle);
                table[position * width + width / 2 + i] = (float)Math.Cos(angle);
            }
        }

        return table;
    }

    /// <summary>One token's vector: [width].</summary>
    public void Embed(int token, int position, Span<float> row)
    {
        _tokens.Copy(token, row);
        if (_scale != 1)
            for (int i = 0; i < row.Length; i++)
                row[i] *= _scale;
        if (_positions is not null)
            Addition.Accumulate(row, _positions.AsSpan(position * _width, _width));
    }

    /// <summary>The rotary angles of a position: [headWidth / 2] each.</summary>
    public void Angles(int position, Span<float> cosines, Span<float> sines) => Rope.Angles(_frequencies, position, cosines, sines);

    /// <summary>Turns every head of a vector by its position's angles.</summary>
    public void Rotate(Span<float> heads, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int headWidth = 2 * cosines.Length;
        for (int at = 0; at < heads.Length; at += headWidth)
            Rope.Apply(heads.Slice(at, headWidth), cosines, sines);
    }

    /// <summary>Values of a row's cosines or sines.</summary>
    public int AngleWidth => _frequencies.Length;
}
