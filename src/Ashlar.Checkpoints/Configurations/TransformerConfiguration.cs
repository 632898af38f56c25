using System.Text.Json.Nodes;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>The activation between the two matrices of a feed-forward layer.</summary>
public enum TransformerActivation
{
    /// <summary>fc2(max(0, fc1 x)), as published (Vaswani et al. 2017, section 3.3).</summary>
    Relu,

    /// <summary>fc2(gelu(fc1 x)), with the exact normal distribution function.</summary>
    Gelu,

    /// <summary>fc2(silu(fc1 x)), silu(x) = x sigmoid(x): the <c>swish</c> of most Marian models.</summary>
    Silu,

    /// <summary>fc2(silu(fc_gate x) * fc1 x) (Shazeer 2020, equation 6); the layer has a third matrix.</summary>
    SwiGlu,
}

/// <summary>How an encoder-decoder Transformer knows where a token stands.</summary>
public enum PositionEncoding
{
    /// <summary>
    /// Added to the embedding at position p (from 0): sin(p w_i) at i and cos(p w_i) at width/2 + i, with w_i = 10000^(-2i/width) for
    /// i below width/2 (Vaswani et al. 2017, section 3.5, with the halves apart as in Marian).
    /// </summary>
    Sinusoidal,

    /// <summary>A trained row for each position, added to the embedding.</summary>
    Learned,

    /// <summary>
    /// Queries and keys of self-attention are rotated (Su et al. 2021), with value i paired with value i + headWidth/2 as in Llama;
    /// nothing is added to the embedding, and cross-attention is not rotated.
    /// </summary>
    Rotary,
}

/// <summary>
/// The shape of an encoder-decoder Transformer (Vaswani et al. 2017), in the terms of Hugging Face's Marian. Training builds its
/// module from it and the runtime its graph; <see cref="TransformerTensors"/> lists the tensors of a checkpoint.
/// <para>
/// Embedding: x = dropout(embedding[token] * (<see cref="ScaleEmbedding"/> ? sqrt(width) : 1) + position). Post-norm sub-layer:
/// x = norm(x + dropout(f(x))). Pre-norm: x = x + dropout(f(norm(x))), and one more norm after each side's last layer. Sub-layers:
/// self-attention, cross-attention (decoder only), feed-forward; attention scales scores by 1/sqrt(headWidth). All linear layers
/// have biases. logits = projection x + final_logits_bias.
/// </para>
/// </summary>
public sealed record TransformerConfiguration
{
    /// <summary>Value of <c>model_type</c> where the model is one that <c>MarianMTModel</c> runs.</summary>
    public const string MarianType = "marian";

    /// <summary>Value of <c>model_type</c> for every other model of this kind.</summary>
    public const string ModelType = "encoder-decoder-transformer";

    /// <summary>Number of source token ids.</summary>
    public required int SourceVocabularySize { get; init; }

    /// <summary>Number of target token ids.</summary>
    public required int TargetVocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Layers of the encoder.</summary>
    public required int EncoderLayerCount { get; init; }

    /// <summary>Layers of the decoder.</summary>
    public required int DecoderLayerCount { get; init; }

    /// <summary>Heads of each attention in the encoder.</summary>
    public required int EncoderHeadCount { get; init; }

    /// <summary>Heads of each attention in the decoder.</summary>
    public required int DecoderHeadCount { get; init; }

    /// <summary>Inner width of the encoder's feed-forward layers.</summary>
    public required int EncoderFeedForwardWidth { get; init; }

    /// <summary>Inner width of the decoder's feed-forward layers.</summary>
    public required int DecoderFeedForwardWidth { get; init; }

    /// <summary>Longest source and longest decoder input, in tokens.</summary>
    public int MaximumLength { get; init; } = 512;

    /// <summary>The feed-forward activation.</summary>
    public TransformerActivation Activation { get; init; } = TransformerActivation.Relu;

    /// <summary>Whether the norm stands before each sub-layer, instead of after the sum as published.</summary>
    public bool PreNorm { get; init; }

    /// <summary>The position scheme, of both sides.</summary>
    public PositionEncoding Positions { get; init; } = PositionEncoding.Sinusoidal;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Added to the variance by LayerNorm.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Whether embeddings are multiplied by sqrt(width) (section 3.4 of the paper).</summary>
    public bool ScaleEmbedding { get; init; } = true;

    /// <summary>Whether source and target have one vocabulary and one embedding.</summary>
    public bool ShareEmbeddings { get; init; }

    /// <summary>Whether the output projection is the target embedding.</summary>
    public bool TieProjection { get; init; } = true;

    /// <summary>Dropout probability of embeddings and of each sub-layer's result, in training only as the others.</summary>
    public double Dropout { get; init; }

    /// <summary>Dropout probability of attention weights.</summary>
    public double AttentionDropout { get; init; }

    /// <summary>Dropout probability between the two matrices of the feed-forward layer.</summary>
    public double ActivationDropout { get; init; }

    /// <summary>What stands around sentences.</summary>
    public required TranslationFormat Format { get; init; }

    /// <summary>Whether <c>MarianMTModel</c> computes this model: post-norm, sinusoidal positions, no gate, its epsilon.</summary>
    public bool IsMarian =>
        !PreNorm && Positions == PositionEncoding.Sinusoidal && Activation != TransformerActivation.SwiGlu && NormEpsilon == 1e-5;

    /// <summary>Checks that the numbers fit together.</summary>
    /// <exception cref="InvalidDataException">A value is impossible; the message names the key.</exception>
    public void Validate()
    {
        Positive("vocab_size", SourceVocabularySize);
        Positive("decoder_vocab_size", TargetVocabularySize);
        Positive("d_model", Width);
        Positive("encoder_layers", EncoderLayerCount);
        Positive("decoder_layers", DecoderLayerCount);
        Positive("encoder_ffn_dim", EncoderFeedForwardWidth);
        Positive("decoder_ffn_dim", DecoderFeedForwardWidth);
        Positive("max_position_embeddings", MaximumLength);
        Positive("encoder_attention_heads", EncoderHeadCount);
        Positive("decoder_attention_heads", DecoderHeadCount);
        if (Conflicts().FirstOrDefault() is { } conflict)
            throw new InvalidDataException(conflict.ToString());
        if (NormEpsilon is not (> 0 and < 1))
            throw new InvalidDataException($"layer_norm_eps ({NormEpsilon}) must be above 0 and below 1.");
        Probability("dropout", Dropout);
        Probability("attention_dropout", AttentionDropout);
        Probability("activation_dropout", ActivationDropout);
        Format.Validate(SourceVocabularySize, TargetVocabularySize);

        static void Positive(string key, int value)
        {
            if (value <= 0)
                throw new InvalidDataException($"{key} must be positive, not {value}.");
        }

        static void Probability(string key, double value)
        {
            if (value is not (>= 0 and < 1))
                throw new InvalidDataException($"{key} ({value}) must be at least 0 and below 1.");
        }
    }

    /// <summary>The choices that do not go together, for those who have other names for them; <see cref="Validate"/> says the first.</summary>
    public IEnumerable<ConfigurationConflict> Conflicts()
    {
        if (Positions == PositionEncoding.Sinusoidal && Width % 2 != 0)
            yield return new("d_model", $"{Width}", "an even number, because {position_embedding_type} is sinusoidal");
        if (ShareEmbeddings && SourceVocabularySize != TargetVocabularySize)
            yield return ConfigurationConflict.Shared(SourceVocabularySize, TargetVocabularySize);
        foreach ((string key, int heads) in ((string, int)[])[("encoder_attention_heads", EncoderHeadCount), ("decoder_attention_heads", DecoderHeadCount)])
        {
            if (Width % heads != 0)
                yield return new(key, $"{heads}", $"a divisor of {{d_model}} ({Width})");
            else if (Positions == PositionEncoding.Rotary && Width / heads % 2 != 0)
                yield return new(key, $"{heads}", $"one that makes the width of a head ({Width / heads}) even, because {{position_embedding_type}} is rotary");
        }
    }

    /// <summary>Reads a <c>config.json</c>: Hugging Face's of Marian, or one that <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Not JSON, another type of model, or a missing or impossible value.</exception>
    public static TransformerConfiguration Load(string path) => TransformerConfigurationJson.Load(path);

    /// <summary>The configuration as a <c>config.json</c>; <c>MarianMTModel</c>'s own where <see cref="IsMarian"/>.</summary>
    public JsonObject ToJson() => TransformerConfigurationJson.Write(this);
}
