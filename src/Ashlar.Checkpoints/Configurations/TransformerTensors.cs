namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The tensors of an encoder-decoder Transformer's checkpoint, in file order, under the names of Hugging Face's
/// <c>MarianMTModel</c>. Both engines load strictly by it. Linear weights lie as [output, input].
/// </summary>
public static class TransformerTensors
{
    /// <summary>Every tensor a checkpoint of this configuration holds, each once: shared and tied weights have one name.</summary>
    public static IEnumerable<TensorDescription> Of(TransformerConfiguration configuration)
    {
        TransformerConfiguration c = configuration;
        if (c.ShareEmbeddings)
            yield return new(SourceEmbedding(c), [c.SourceVocabularySize, c.Width]);
        foreach (TensorDescription tensor in Side(c, "encoder"))
            yield return tensor;
        foreach (TensorDescription tensor in Side(c, "decoder"))
            yield return tensor;
        if (!c.TieProjection)
            yield return new(Projection(c), [c.TargetVocabularySize, c.Width]);
        yield return new("final_logits_bias", [1, c.TargetVocabularySize]);
    }

    /// <summary>Name of the table that embeds source tokens.</summary>
    public static string SourceEmbedding(TransformerConfiguration configuration) =>
        configuration.ShareEmbeddings ? "model.shared.weight" : "model.encoder.embed_tokens.weight";

    /// <summary>Name of the table that embeds target tokens.</summary>
    public static string TargetEmbedding(TransformerConfiguration configuration) =>
        configuration.ShareEmbeddings ? "model.shared.weight" : "model.decoder.embed_tokens.weight";

    /// <summary>Name of the table that projects to the vocabulary.</summary>
    public static string Projection(TransformerConfiguration configuration) =>
        configuration.TieProjection ? TargetEmbedding(configuration) : "lm_head.weight";

    /// <summary>Number of parameters, shared and tied weights counted once.</summary>
    public static long CountParameters(TransformerConfiguration configuration) =>
        Of(configuration).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));

    private static IEnumerable<TensorDescription> Side(TransformerConfiguration c, string side)
    {
        bool decoder = side == "decoder";
        int inner = decoder ? c.DecoderFeedForwardWidth : c.EncoderFeedForwardWidth;
        string stack = $"model.{side}.";
        if (!c.ShareEmbeddings)
            yield return new(stack + "embed_tokens.weight", [decoder ? c.TargetVocabularySize : c.SourceVocabularySize, c.Width]);
        if (c.Positions == PositionEncoding.Learned)
            yield return new(stack + "embed_positions.weight", [c.MaximumLength, c.Width]);
        for (int layer = 0; layer < (decoder ? c.DecoderLayerCount : c.EncoderLayerCount); layer++)
        {
            string block = $"{stack}layers.{layer}.";
            foreach (string attention in decoder ? ["self_attn", "encoder_attn"] : (string[])["self_attn"])
            {
                foreach (string part in (string[])["k_proj", "v_proj", "q_proj", "out_proj"])
                {
                    yield return new($"{block}{attention}.{part}.weight", [c.Width, c.Width]);
                    yield return new($"{block}{attention}.{part}.bias", [c.Width]);
                }

                yield return new($"{block}{attention}_layer_norm.weight", [c.Width]);
                yield return new($"{block}{attention}_layer_norm.bias", [c.Width]);
            }

            if (c.Activation == TransformerActivation.SwiGlu)
            {
                yield return new(block + "fc_gate.weight", [inner, c.Width]);
                yield return new(block + "fc_gate.bias", [inner]);
            }

            yield return new(block + "fc1.weight", [inner, c.Width]);
            yield return new(block + "fc1.bias", [inner]);
            yield return new(block + "fc2.weight", [c.Width, inner]);
            yield return new(block + "fc2.bias", [c.Width]);
            yield return new(block + "final_layer_norm.weight", [c.Width]);
            yield return new(block + "final_layer_norm.bias", [c.Width]);
        }

        if (c.PreNorm)
        {
            yield return new(stack + "layer_norm.weight", [c.Width]);
            yield return new(stack + "layer_norm.bias", [c.Width]);
        }
    }
}
