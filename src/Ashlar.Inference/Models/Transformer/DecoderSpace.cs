using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>
/// The rows that one thread, or all together, takes through the decoder, the memory its layers share while they pass, and what came out.
/// </summary>
internal sealed class DecoderSpace
{
    private readonly WorkingSpace _stream = new(), _normal = new(), _branch = new(), _fused = new(), _mixed = new(), _weights = new(), _angles = new();
    private readonly WorkingSpace _hidden = new();
    private int _hiddenSize;

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

    /// <summary>The feed-forward layers' inner values.</summary>
    public WorkingSpace Inner { get; } = new();

    /// <summary>Rows whose logits are wanted, among <see cref="Rows"/>.</summary>
    public List<int> Selected { get; } = [];

    /// <summary>Receives what each token took from those before it; null for nobody.</summary>
    public SelfAttentionWeights? Kept { get; set; }

    /// <summary>Rows that are through.</summary>
    public int HiddenCount { get; private set; }

    /// <summary>[<see cref="HiddenCount"/>, width]: the selected rows as the projection to the vocabulary reads them.</summary>
    public ReadOnlySpan<float> Hidden => _hidden.Take(_hiddenSize);

    /// <summary>Room for as many rows as will come in this call.</summary>
    public void Begin(int hiddenCount, int width)
    {
        Rows.Clear();
        Selected.Clear();
        _hiddenSize = hiddenCount * width;
        HiddenCount = 0;
        _hidden.Take(_hiddenSize);
    }

    /// <summary>Where the next <paramref name="count"/> rows go.</summary>
    public Span<float> NextHidden(int count, int width)
    {
        Span<float> next = _hidden.Take(_hiddenSize).Slice(HiddenCount * width, count * width);
        HiddenCount += count;
        return next;
    }

    /// <summary>Makes room for the rows that were added.</summary>
    public void Fit(int width, int angleWidth)
    {
        int count = Rows.Count;
        WeightLength = Math.Max(Rows.LongestSource, ScatteredAttention.Space(Rows.LongestTarget));
        Stream = _stream.Array(count * width);
        Normal = _normal.Array(count * width);
        Branch = _branch.Array(count * width);
        Fused = _fused.Array(count * 3 * width);
        Mixed = _mixed.Array(count * width);
        Weights = _weights.Array(count * WeightLength);
        Angles = _angles.Array(count * 2 * angleWidth);
    }
}
