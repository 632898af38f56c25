namespace Ashlar.Inference;

/// <summary>A source and the target tokens read after it.</summary>
public abstract class SequenceToSequenceState : LanguageModelState
{
    /// <summary>Tokens of the source.</summary>
    public abstract int SourceLength { get; }

    /// <summary>Whether <see cref="Attention"/> can be read.</summary>
    public abstract bool KeepsAttention { get; }

    /// <summary>
    /// What the last target token read looked at: one weight for each source token, summing to 1. This is the attention from which
    /// the next token is predicted.
    /// </summary>
    /// <param name="layer">0 to the model's <see cref="ISequenceToSequenceModel.AttentionLayerCount"/> - 1.</param>
    /// <param name="head">0 to the model's <see cref="ISequenceToSequenceModel.AttentionHeadCount"/> - 1.</param>
    /// <exception cref="InvalidOperationException">The state does not keep attention, or has read no token.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No such layer or head.</exception>
    public abstract ReadOnlySpan<float> Attention(int layer, int head);

    /// <summary>The mean over heads of one layer's attention.</summary>
    /// <param name="model">The state's model.</param>
    /// <param name="layer">The layer; null for the last.</param>
    /// <param name="weights">Receives [source].</param>
    public void MeanAttention(ISequenceToSequenceModel model, int? layer, Span<float> weights)
    {
        weights.Clear();
        for (int head = 0; head < model.AttentionHeadCount; head++)
        {
            ReadOnlySpan<float> own = Attention(layer ?? model.AttentionLayerCount - 1, head);
            for (int i = 0; i < own.Length; i++)
                weights[i] += own[i] / model.AttentionHeadCount;
        }
    }
}
