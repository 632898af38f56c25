using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>
/// Nucleus filter (Holtzman et al. 2020, section 3.1): keeps the most likely tokens until their probabilities exceed p,
/// the one that exceeds it among them.
/// </summary>
/// <param name="p">Above 0, at most 1; 1 keeps all.</param>
public sealed class TopPFilter(double p) : ILogitsProcessor
{
    private readonly double _p = p is > 0 and <= 1
        ? p
        : throw new ArgumentOutOfRangeException(nameof(p), p, "top-p must be above 0 and at most 1.");

    private float[] _probabilities = [];
    private int[] _order = [];

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        if (_p >= 1)
            return;
        if (_probabilities.Length != logits.Length)
            _probabilities = new float[logits.Length];
        logits.CopyTo(_probabilities);
        Softmax.Apply(_probabilities);
        // Most of the mass lies in few tokens: look at the best few hundred first, at more only if they are not enough.
        int count = Math.Min(256, logits.Length);
        while (true)
        {
            if (_order.Length != count)
                _order = new int[count];
            TopK.Indices(_probabilities, _order);
            double mass = 0;
            for (int kept = 0; kept < count; kept++)
            {
                mass += _probabilities[_order[kept]];
                if (mass > _p)
                {
                    Keep(logits, _order.AsSpan(0, kept + 1));
                    return;
                }
            }

            if (count == logits.Length)
                return;
            count = (int)Math.Min(8L * count, logits.Length);
        }
    }

    private void Keep(Span<float> logits, ReadOnlySpan<int> kept)
    {
        // The probabilities are no longer needed: their place holds the kept logits.
        for (int i = 0; i < kept.Length; i++)
            _probabilities[i] = logits[kept[i]];
        logits.Fill(float.NegativeInfinity);
        for (int i = 0; i < kept.Length; i++)
            logits[kept[i]] = _probabilities[i];
    }
}
