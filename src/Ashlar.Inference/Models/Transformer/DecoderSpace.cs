namespace Ashlar.Inference.Models.Transformer;

/// <summary>The rows in the decoder and the memory its layers share while they pass.</summary>
internal sealed class DecoderSpace
{
    private readonly WorkingSpace _stream = new(), _normal = new(), _branch = new(), _fused = new(), _mixed = new(), _weights = new(), _angles = new();

    public TargetRows Rows { get; } = new();

    /// <summary>[rows, width]: the residual stream.</summary>
    public float[] Stream { get; private set; } = [];

    /// <summary>[rows, width].</summary>
    public float[] Normal { get; private set; } = [];

    /// <summary>[rows, width].</summary>
    public float[] Branch { get; private set; } = [];

    /// <summary>[rows, 3 * width]: query, key, value.</summary>
    public float[] Fused { get; private set; } = [];

    /// <summary>[rows, width]: values mixed by attention.</summary>
    public float[] Mixed { get; private set; } = [];

    /// <summary>[rows, <see cref="WeightLength"/>]: one head's attention weights.</summary>
    public float[] Weights { get; private set; } = [];

    /// <summary>Longest row of attention weights.</summary>
    public int WeightLength { get; private set; }

    /// <summary>[rows, cosines and sines]: the rotary angles.</summary>
    public float[] Angles { get; private set; } = [];

    /// <summary>Makes room for the rows that were added.</summary>
    public void Fit(int width, int angleWidth)
    {
        int count = Rows.Count;
        WeightLength = Math.Max(Rows.LongestSource, Rows.LongestTarget);
        Stream = _stream.Array(count * width);
        Normal = _normal.Array(count * width);
        Branch = _branch.Array(count * width);
        Fused = _fused.Array(count * 3 * width);
        Mixed = _mixed.Array(count * width);
        Weights = _weights.Array(count * WeightLength);
        Angles = _angles.Array(count * 2 * angleWidth);
    }
}
