namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The tensors of a recurrent language model's checkpoint, in file order, under the names of PyTorch's word language model
/// (pytorch/examples, word_language_model): <c>encoder</c>, <c>rnn</c>, <c>decoder</c>. Both engines load strictly by it.
/// </summary>
public static class RecurrentTensors
{
    /// <summary>Every tensor a checkpoint of this configuration holds, each once: a tied projection is the embedding.</summary>
    public static IEnumerable<TensorDescription> Of(RecurrentConfiguration configuration)
    {
        RecurrentConfiguration c = configuration;
        if (c.EmbeddingWidth > 0)
            yield return new("encoder.weight", [c.VocabularySize, c.EmbeddingWidth]);
        int rows = c.Cell.GateCount() * c.HiddenWidth;
        for (int layer = 0; layer < c.LayerCount; layer++)
        {
            yield return new($"rnn.weight_ih_l{layer}", [rows, layer == 0 ? c.InputWidth : c.HiddenWidth]);
            yield return new($"rnn.weight_hh_l{layer}", [rows, c.HiddenWidth]);
            if (c.Bias)
            {
                yield return new($"rnn.bias_ih_l{layer}", [rows]);
                yield return new($"rnn.bias_hh_l{layer}", [rows]);
            }
        }

        if (!c.TieEmbeddings)
            yield return new("decoder.weight", [c.VocabularySize, c.HiddenWidth]);
        if (c.ProjectionBias)
            yield return new("decoder.bias", [c.VocabularySize]);
    }

    /// <summary>Number of parameters, tied weights counted once.</summary>
    public static long CountParameters(RecurrentConfiguration configuration) =>
        Of(configuration).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
}
