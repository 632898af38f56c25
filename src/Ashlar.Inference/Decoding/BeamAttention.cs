using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>What a hypothesis's next token looks at.</summary>
internal static class BeamAttention
{
    /// <summary>Reads it from the state, and adds it to what the source tokens have received so far.</summary>
    /// <exception cref="InvalidDataException">The model has no attention.</exception>
    public static void Look(ILanguageModel model, LanguageModelState state, BeamNode node, BeamSearchOptions options)
    {
        if (model is not ISequenceToSequenceModel { AttentionLayerCount: > 0 } translator || state is not SequenceToSequenceState own)
            throw new InvalidDataException("attention was asked of a model that has none; expected no alignments and no coverage penalty.");
        if (options.AttentionLayer is { } layer && (uint)layer >= (uint)translator.AttentionLayerCount)
            throw new InvalidDataException($"attention layer {layer} was asked for; the model has layers 0 to {translator.AttentionLayerCount - 1}.");
        node.Attention = new float[own.SourceLength];
        own.MeanAttention(translator, options.AttentionLayer, node.Attention);
        if (options.CoveragePenalty == 0)
            return;
        node.Coverage = [.. node.Attention];
        if (node.Parent?.Coverage is { } before)
            Addition.Accumulate(node.Coverage, before);
    }
}
