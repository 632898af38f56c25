using System.Collections.Concurrent;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// How a context divides the probability: a seen word w gets (c(hw) - D(c)) / denominator of its own, and the share that is left
/// goes to the next shorter context. All interpolated smoothings have this form.
/// </summary>
/// <param name="Denominator">What counts are divided by.</param>
/// <param name="Left">The interpolation weight of the next lower order, 0 to 1.</param>
/// <param name="Total">Sum of the counts.</param>
/// <param name="Followers">Different words seen after the context.</param>
internal readonly record struct ContextShare(double Denominator, double Left, long Total, int Followers);

/// <summary>Computes shares from counts; those of contexts with many followers are kept.</summary>
internal sealed class ContextShares(NGramFile file)
{
    private const uint Many = 256;

    private readonly ConcurrentDictionary<(int Order, uint Node), ContextShare> _kept = new();

    /// <summary>The share of a context.</summary>
    /// <param name="order">Order of the n-grams that continue it, from 2.</param>
    /// <param name="node">The context, a node of order - 1 with children.</param>
    /// <param name="start">Its first child.</param>
    /// <param name="end">After its last child; greater than <paramref name="start"/>.</param>
    public ContextShare Of(int order, uint node, uint start, uint end)
    {
        if (end - start < Many)
            return Compute(order, node, start, end);
        if (!_kept.TryGetValue((order, node), out ContextShare share))
            _kept[(order, node)] = share = Compute(order, node, start, end);
        return share;
    }

    /// <summary>The share of the empty context.</summary>
    public ContextShare OfRoot() => Compute(1, 0, 0, file.Levels[0].Nodes);

    private ContextShare Compute(int order, uint node, uint start, uint end)
    {
        NGramLevel level = file.Levels[order - 1];
        long total = 0;
        Span<int> number = stackalloc int[4]; // of followers by count: none, one, two, three and more
        number.Clear();
        for (uint i = start; i < end; i++)
        {
            uint count = level.Count(i);
            total += count;
            number[(int)Math.Min(count, 3)]++;
        }

        int followers = number[1] + number[2] + number[3];
        double taken = (number[1] * file.Header.Discount(order, 1)) + (number[2] * file.Header.Discount(order, 2)) + (number[3] * file.Header.Discount(order, 3));
        double denominator = order > 1 && file.Levels[order - 2].HasDenominators ? file.Levels[order - 2].Denominator(node)
            : file.Header.Smoothing == NGramSmoothing.WittenBell ? total + followers
            : total;
        double left = denominator > 0 ? (denominator - (total - taken)) / denominator : 1;
        return new(denominator, left, total, followers);
    }
}
