namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The tensors of a decoder checkpoint: Hugging Face names and shapes, in file order. Both engines load by this list,
/// and loading is strict against it.
/// </summary>
public static class DecoderTensors
{
    /// <summary>Every tensor a checkpoint of this configuration holds, each once; tied embeddings have no output projection.</summary>
    public static IEnumerable<TensorDescription> Of(DecoderConfiguration configuration) =>
        configuration.LearnedPositions ? Gpt2(configuration) : Llama(configuration);

    /// <summary>Name of the token embedding.</summary>
    public static string TokenEmbedding(DecoderConfiguration configuration) => configuration.Architecture switch
    {
        DecoderArchitecture.Gpt1 => "transformer.tokens_embed.weight",
        DecoderArchitecture.Gpt2 => "transformer.wte.weight",
        _ => "model.embed_tokens.weight",
    };

    /// <summary>Name of the learned positions; only where <see cref="DecoderConfiguration.LearnedPositions"/>.</summary>
    public static string PositionEmbedding(DecoderConfiguration configuration) =>
        configuration.Architecture == DecoderArchitecture.Gpt1 ? "transformer.positions_embed.weight" : "transformer.wpe.weight";

    /// <summary>Number of parameters, tied weights counted once.</summary>
    public static long CountParameters(DecoderConfiguration configuration) =>
        Of(configuration).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));

    // GPT-2's linear layers are "Conv1D": stored as [in, out], the transpose of every other family.
    private static IEnumerable<TensorDescription> Gpt2(DecoderConfiguration c)
    {
        yield return new(TokenEmbedding(c), [c.VocabularySize, c.Width]);
        yield return new(PositionEmbedding(c), [c.ContextLength, c.Width]);
        for (int layer = 0; layer < c.LayerCount; layer++)
        {
            string block = $"transformer.h.{layer}.";
            yield return new(block + "ln_1.weight", [c.Width]);
            yield return new(block + "ln_1.bias", [c.Width]);
            yield return new(block + "attn.c_attn.weight", [c.Width, 3 * c.Width]);
            yield return new(block + "attn.c_attn.bias", [3 * c.Width]);
            yield return new(block + "attn.c_proj.weight", [c.Width, c.Width]);
            yield return new(block + "attn.c_proj.bias", [c.Width]);
            yield return new(block + "ln_2.weight", [c.Width]);
            yield return new(block + "ln_2.bias", [c.Width]);
            yield return new(block + "mlp.c_fc.weight", [c.Width, c.FeedForwardWidth]);
            yield return new(block + "mlp.c_fc.bias", [c.FeedForwardWidth]);
            yield return new(block + "mlp.c_proj.weight", [c.FeedForwardWidth, c.Width]);
            yield return new(block + "mlp.c_proj.bias", [c.Width]);
        }

        if (!c.PostNorm)
        {
            yield return new("transformer.ln_f.weight", [c.Width]);
            yield return new("transformer.ln_f.bias", [c.Width]);
        }

        if (!c.TieEmbeddings)
            yield return new("lm_head.weight", [c.VocabularySize, c.Width]);
    }

    private static IEnumerable<TensorDescription> Llama(DecoderConfiguration c)
    {
        int queryWidth = c.HeadCount * c.HeadWidth;
        int keyValueWidth = c.KeyValueHeadCount * c.HeadWidth;
        yield return new("model.embed_tokens.weight", [c.VocabularySize, c.Width]);
        for (int layer = 0; layer < c.LayerCount; layer++)
        {
            string block = $"model.layers.{layer}.";
            yield return new(block + "input_layernorm.weight", [c.Width]);
            yield return new(block + "self_attn.q_proj.weight", [queryWidth, c.Width]);
            yield return new(block + "self_attn.k_proj.weight", [keyValueWidth, c.Width]);
            yield return new(block + "self_attn.v_proj.weight", [keyValueWidth, c.Width]);
            if (c.QueryKeyValueBias)
            {
                yield return new(block + "self_attn.q_proj.bias", [queryWidth]);
                yield return new(block + "self_attn.k_proj.bias", [keyValueWidth]);
                yield return new(block + "self_attn.v_proj.bias", [keyValueWidth]);
            }

            if (c.QueryKeyNorm)
            {
                yield return new(block + "self_attn.q_norm.weight", [c.HeadWidth]);
                yield return new(block + "self_attn.k_norm.weight", [c.HeadWidth]);
            }

            yield return new(block + "self_attn.o_proj.weight", [c.Width, queryWidth]);
            yield return new(block + "post_attention_layernorm.weight", [c.Width]);
            yield return new(block + "mlp.gate_proj.weight", [c.FeedForwardWidth, c.Width]);
            yield return new(block + "mlp.up_proj.weight", [c.FeedForwardWidth, c.Width]);
            yield return new(block + "mlp.down_proj.weight", [c.Width, c.FeedForwardWidth]);
        }

        yield return new("model.norm.weight", [c.Width]);
        if (!c.TieEmbeddings)
            yield return new("lm_head.weight", [c.VocabularySize, c.Width]);
    }
}

/// <summary>A tensor's name and shape.</summary>
/// <param name="Name">Name in the checkpoint.</param>
/// <param name="Shape">Sizes, outermost first.</param>
public sealed record TensorDescription(string Name, IReadOnlyList<long> Shape);
