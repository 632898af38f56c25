using Ashlar.Evaluation;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Tokenizers;

namespace Ashlar.Training.NGrams;

/// <summary>What held-out text costs, and how often each order knew the token. The same sum as <see cref="Perplexity"/>, without
/// computing the probabilities of all other tokens.</summary>
internal sealed class NGramScore
{
    private readonly long[] _hits;
    private readonly double[] _hitNats;
    private double _textNats;
    private long _bytes;

    private NGramScore(int order)
    {
        _hits = new long[order + 1];
        _hitNats = new double[order + 1];
    }

    /// <summary>Sum of the costs.</summary>
    public double Nats => _hitNats.Sum();

    /// <summary>Predicted tokens, ends of sentences included.</summary>
    public long Tokens => _hits.Sum();

    /// <summary>Cost of the text for each of its bytes; special tokens count on neither side.</summary>
    public double BitsPerByte => _textNats / Math.Log(2) / _bytes;

    /// <summary>[order + 1] tokens whose longest n-gram seen in training has this length; 0: a token never seen.</summary>
    public IReadOnlyList<long> Hits => _hits;

    /// <summary>[order + 1] what those tokens cost in all.</summary>
    public IReadOnlyList<double> HitNats => _hitNats;

    /// <summary>Scores documents; the first token counts unless it is the beginning of a sentence.</summary>
    public static NGramScore Measure(NGramModel model, IEnumerable<int[]> documents, Tokenizer tokenizer, CancellationToken cancellation)
    {
        NGramScore score = new(model.Order);
        TokenBytes vocabulary = TokenBytes.Of(tokenizer);
        foreach (int[] document in documents)
        {
            using NGramReader reader = new(model);
            for (int i = 0; i < document.Length; i++)
            {
                if ((i & 0xFFFF) == 0)
                    cancellation.ThrowIfCancellationRequested();
                if (i > 0 || document[i] != model.Header.BeginId)
                    score.Add(document[i], i > 0 ? document[i - 1] : null, reader.Probability(document[i], out int found), found, vocabulary);
                reader.Read(document[i]);
            }
        }

        return score;
    }

    private void Add(int token, int? previous, double probability, int found, TokenBytes vocabulary)
    {
        double nats = -Math.Log(probability);
        _hits[found]++;
        _hitNats[found] += nats;
        if (vocabulary.IsSpecial(token))
            return;
        _textNats += nats;
        _bytes += vocabulary.ByteCount(token, previous);
    }
}
