namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The tensors of a recurrent encoder-decoder's checkpoint, in file order. Recurrent layers have the names and layouts of
/// PyTorch's <c>nn.LSTM</c> and its like, linear weights lie as [output, input]; the letters in the remarks are those of
/// <see cref="RecurrentTranslationConfiguration"/>. Both engines load strictly by it.
/// </summary>
public static class RecurrentTranslationTensors
{
    /// <summary>Every tensor a checkpoint of this configuration holds, each once: shared and tied weights have one name.</summary>
    public static IEnumerable<TensorDescription> Of(RecurrentTranslationConfiguration configuration)
    {
        RecurrentTranslationConfiguration c = configuration;
        yield return new(SourceEmbedding(c), [c.SourceVocabularySize, c.EmbeddingWidth]);
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            foreach (TensorDescription tensor in Cell(c, "encoder.rnn.", $"_l{layer}", c.EncoderInputWidth(layer), c.EncoderWidth))
                yield return tensor;
            if (layer < c.BidirectionalLayerCount)
                foreach (TensorDescription tensor in Cell(c, "encoder.rnn.", $"_l{layer}_reverse", c.EncoderInputWidth(layer), c.EncoderWidth))
                    yield return tensor;
        }

        if (c.Bridge == RecurrentBridge.Dense)
        {
            for (int layer = 0; layer < c.DecoderLayerCount; layer++)
            {
                yield return new($"bridge.hidden.{layer}.weight", [c.DecoderWidth, c.MemoryWidth]); // H
                yield return new($"bridge.hidden.{layer}.bias", [c.DecoderWidth]); // a
                if (c.Cell == RecurrentCell.Lstm)
                {
                    yield return new($"bridge.cell.{layer}.weight", [c.DecoderWidth, c.MemoryWidth]); // C
                    yield return new($"bridge.cell.{layer}.bias", [c.DecoderWidth]); // b
                }
            }
        }

        if (!c.ShareEmbeddings)
            yield return new(TargetEmbedding(c), [c.TargetVocabularySize, c.EmbeddingWidth]);
        for (int layer = 0; layer < c.DecoderLayerCount; layer++)
            foreach (TensorDescription tensor in Cell(c, "decoder.rnn.", $"_l{layer}", c.DecoderInputWidth(layer), c.DecoderWidth))
                yield return tensor;
        if (c.Attention == RecurrentAttention.LuongGeneral)
            yield return new("decoder.attention.query.weight", [c.MemoryWidth, c.DecoderWidth]); // Q
        if (c.IsAdditive)
        {
            yield return new("decoder.attention.query.weight", [c.ScoreWidth, c.DecoderWidth]); // Q
            yield return new("decoder.attention.memory.weight", [c.ScoreWidth, c.MemoryWidth]); // K
            yield return new("decoder.attention.memory.bias", [c.ScoreWidth]); // k
            yield return new("decoder.attention.score.weight", [1, c.ScoreWidth]); // v
        }

        if (c.HasReadout)
        {
            yield return new("decoder.readout.weight", [c.OutputWidth, c.ReadoutInputWidth]); // R
            yield return new("decoder.readout.bias", [c.OutputWidth]); // b
        }

        if (!c.TieProjection)
            yield return new(Projection(c), [c.TargetVocabularySize, c.OutputWidth]); // P
        yield return new("decoder.projection.bias", [c.TargetVocabularySize]); // p
    }

    /// <summary>Name of the table that embeds source tokens.</summary>
    public static string SourceEmbedding(RecurrentTranslationConfiguration configuration) =>
        configuration.ShareEmbeddings ? "embedding.weight" : "encoder.embedding.weight";

    /// <summary>Name of the table that embeds target tokens.</summary>
    public static string TargetEmbedding(RecurrentTranslationConfiguration configuration) =>
        configuration.ShareEmbeddings ? "embedding.weight" : "decoder.embedding.weight";

    /// <summary>Name of the table that projects to the vocabulary.</summary>
    public static string Projection(RecurrentTranslationConfiguration configuration) =>
        configuration.TieProjection ? TargetEmbedding(configuration) : "decoder.projection.weight";

    /// <summary>Number of parameters, shared and tied weights counted once.</summary>
    public static long CountParameters(RecurrentTranslationConfiguration configuration) =>
        Of(configuration).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));

    private static IEnumerable<TensorDescription> Cell(
        RecurrentTranslationConfiguration c, string prefix, string suffix, int inputWidth, int hiddenWidth)
    {
        int rows = c.Cell.GateCount() * hiddenWidth;
        yield return new($"{prefix}weight_ih{suffix}", [rows, inputWidth]);
        yield return new($"{prefix}weight_hh{suffix}", [rows, hiddenWidth]);
        yield return new($"{prefix}bias_ih{suffix}", [rows]);
        yield return new($"{prefix}bias_hh{suffix}", [rows]);
    }
}
