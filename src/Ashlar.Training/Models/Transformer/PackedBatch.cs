using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models.Fused;

namespace Ashlar.Training.Models.Transformer;

/// <summary>A batch as the fused pass reads it, and what the pass drops.</summary>
internal sealed class PackedBatch
{
    public required PackedSentences Source { get; init; }

    public required PackedSentences Target { get; init; }

    /// <summary>What each decoder step is to predict, [target tokens]; negative where it is not supervised.</summary>
    public required long[] Targets { get; init; }

    /// <summary>Probability of dropping from embeddings and results of sub-layers, 0 outside training as the others.</summary>
    public float Dropout { get; init; }

    /// <summary>Probability of dropping attention weights.</summary>
    public float AttentionDropout { get; init; }

    /// <summary>Probability of dropping inside the feed-forward layer.</summary>
    public float ActivationDropout { get; init; }

    /// <summary>Seed of all dropout in this pass.</summary>
    public uint Seed { get; init; }

    /// <summary>Packs a batch.</summary>
    /// <exception cref="ArgumentException">A token or a length is out of range.</exception>
    public static PackedBatch Of(ParallelBatch batch, TransformerConfiguration c, bool training)
    {
        PackedSentences target = PackedSentences.Of(batch.DecoderInputs, batch.TargetLength, batch.TargetLengths, c.TargetVocabularySize, c.MaximumLength);
        long[] targets = new long[target.TokenCount];
        for (int row = 0; row < batch.Rows; row++)
            batch.Targets.AsSpan(row * batch.TargetLength, batch.TargetLengths[row]).CopyTo(targets.AsSpan(target.Starts[row]));
        bool drops = training && (c.Dropout > 0 || c.AttentionDropout > 0 || c.ActivationDropout > 0);
        return new PackedBatch
        {
            Source = PackedSentences.Of(batch.Source, batch.SourceLength, batch.SourceLengths, c.SourceVocabularySize, c.MaximumLength),
            Target = target,
            Targets = targets,
            Dropout = training ? (float)c.Dropout : 0,
            AttentionDropout = training ? (float)c.AttentionDropout : 0,
            ActivationDropout = training ? (float)c.ActivationDropout : 0,
            Seed = drops ? DropoutSeeds.Draw() : 0,
        };
    }
}
