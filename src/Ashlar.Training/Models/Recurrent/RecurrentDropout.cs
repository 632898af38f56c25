using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>Where a recurrent model drops values.</summary>
internal enum DropoutPlace
{
    /// <summary>The embedded (or one-hot) inputs.</summary>
    Inputs,

    /// <summary>What one layer hands to the next.</summary>
    Layers,

    /// <summary>What the last layer hands to the projection.</summary>
    Outputs,
}

/// <summary>
/// All dropout of one batch. Each choice is a function of a seed and of the value's place, so that the fused pass, its way back, and
/// automatic differentiation make the same ones without storing them.
/// <list type="bullet">
/// <item>Plain: each value for itself (Zaremba et al., "Recurrent Neural Network Regularization", 2014: not on the recurrent connections).</item>
/// <item>Variational: one mask for all time steps of a row (Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in RNNs").</item>
/// <item>Embedding: a word's whole vector, wherever it occurs in the batch (the same paper, section 4.2).</item>
/// <item>Weight-drop: the hidden-to-hidden weights themselves, one mask for the batch (Wan et al. 2013; Merity et al. 2018, section 2).</item>
/// </list>
/// </summary>
internal sealed class RecurrentDropout(RecurrentConfiguration configuration, int rows, uint seed, bool training)
{
    private const uint EmbeddingUse = 101, WeightUse = 102;

    /// <summary>Whether anything is dropped at that place.</summary>
    public bool Drops(DropoutPlace place) => Probability(place) > 0;

    /// <summary>Whether hidden-to-hidden weights are dropped.</summary>
    public bool DropsWeights => training && configuration.WeightDrop > 0;

    /// <summary>Drops values of a row's vector, and scales the others up.</summary>
    /// <param name="place">Where.</param>
    /// <param name="layer">The layer whose output it is; 0 for the inputs.</param>
    /// <param name="step">Time step.</param>
    /// <param name="row">Row of the batch.</param>
    /// <param name="values">[width], changed in place.</param>
    public void Apply(DropoutPlace place, int layer, int step, int row, Span<float> values)
    {
        float probability = Probability(place);
        if (probability > 0)
            Dropout.Apply(values, probability, SeedOf((uint)place, layer), Index(step, row, values.Length));
    }

    /// <summary>What a one-hot input's 1 becomes: 0, or the scale of what is kept.</summary>
    public float OneHot(int step, int row, int token, int vocabularySize)
    {
        Span<float> value = [1];
        float probability = Probability(DropoutPlace.Inputs);
        if (probability > 0)
            Dropout.Apply(value, probability, SeedOf((uint)DropoutPlace.Inputs, 0), Index(step, row, vocabularySize) + (uint)token);
        return value[0];
    }

    /// <summary>The factor of a word's embedding: 0, or the scale of what is kept.</summary>
    public float Embedding(int token)
    {
        if (!training || configuration.EmbeddingDropout == 0)
            return 1;
        Span<float> value = [1];
        Dropout.Apply(value, (float)configuration.EmbeddingDropout, SeedOf(EmbeddingUse, 0), (uint)token);
        return value[0];
    }

    /// <summary>Drops hidden-to-hidden weights of a layer, or their gradients.</summary>
    public void ApplyToWeights(int layer, Span<float> weights)
    {
        if (DropsWeights)
            Dropout.Apply(weights, (float)configuration.WeightDrop, SeedOf(WeightUse, layer), 0);
    }

    private float Probability(DropoutPlace place) => !training ? 0 : (float)(place switch
    {
        DropoutPlace.Inputs => configuration.InputDropout,
        DropoutPlace.Layers => configuration.LayerDropout,
        _ => configuration.OutputDropout,
    });

    private uint Index(int step, int row, int width) =>
        (uint)(configuration.VariationalDropout ? row : (step * rows) + row) * (uint)width;

    private uint SeedOf(uint use, int layer)
    {
        uint mixed = (seed ^ ((uint)(layer + 1) * 0x9E3779B9)) * 0x85EBCA6B;
        mixed = (mixed ^ (mixed >> 15) ^ ((use + 1) * 0x7FEB352D)) * 0xC2B2AE35;
        return (mixed ^ (mixed >> 13)) * 0x846CA68B;
    }
}
