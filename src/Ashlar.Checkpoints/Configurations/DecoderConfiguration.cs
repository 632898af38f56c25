using System.Text.Json.Nodes;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The shape of a decoder-only Transformer, in the terms of Hugging Face's <c>config.json</c>. Training builds its module
/// from it and the runtime its graph; <see cref="DecoderTensors"/> lists the tensors a checkpoint of this shape holds.
/// </summary>
public sealed record DecoderConfiguration
{
    /// <summary>The family, which fixes names, norms, activation and position scheme.</summary>
    public required DecoderArchitecture Architecture { get; init; }

    /// <summary>Rows of the token embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads in each block.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads in each block; equal to <see cref="HeadCount"/> without grouped-query attention.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Width of one head; usually <see cref="Width"/> / <see cref="HeadCount"/>.</summary>
    public required int HeadWidth { get; init; }

    /// <summary>Inner width of the feed-forward layer.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>Added to the variance by LayerNorm or RMSNorm.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies; unused by GPT-2.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Llama 3's frequency rescaling, when the configuration asks for it.</summary>
    public Llama3RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the output projection is the token embedding.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>
    /// GPT-1 and GPT-2: GELU by its tanh approximation (<c>gelu_new</c>, the published model) or exactly (<c>gelu</c>).
    /// </summary>
    public bool TanhGelu { get; init; } = true;

    /// <summary>Biases on the query, key and value projections (always in GPT-2 and Qwen2).</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Dropout probability on embeddings, attention weights and residual branches, during training only.</summary>
    public double Dropout { get; init; }

    /// <summary>Id that begins a text, if the model has one.</summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>Ids that end a text; generation stops at any of them.</summary>
    public IReadOnlyList<int> EndOfTextIds { get; init; } = [];

    /// <summary>
    /// GPT-1 and GPT-2: learned positions, LayerNorm, GELU, linear layers with biases stored as [in, out]. The others have rotary
    /// positions, RMSNorm and SwiGLU.
    /// </summary>
    public bool LearnedPositions => Architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2;

    /// <summary>GPT-1: norm(x + branch(x)) as in the first Transformer (Vaswani et al. 2017, section 3.1), and no norm at the end.</summary>
    public bool PostNorm => Architecture == DecoderArchitecture.Gpt1;

    /// <summary>Whether query and key heads have their own RMSNorm (Qwen3).</summary>
    public bool QueryKeyNorm => Architecture == DecoderArchitecture.Qwen3;

    /// <summary>
    /// Checks that the numbers fit together.
    /// </summary>
    /// <exception cref="InvalidDataException">A size is not positive or does not divide; the message names the key.</exception>
    public void Validate()
    {
        Positive("vocab_size", VocabularySize);
        Positive("max_position_embeddings", ContextLength);
        Positive("hidden_size", Width);
        Positive("num_hidden_layers", LayerCount);
        Positive("num_attention_heads", HeadCount);
        Positive("num_key_value_heads", KeyValueHeadCount);
        Positive("head_dim", HeadWidth);
        Positive("intermediate_size", FeedForwardWidth);
        if (HeadCount % KeyValueHeadCount != 0)
            throw new InvalidDataException($"num_attention_heads ({HeadCount}) must be a multiple of num_key_value_heads ({KeyValueHeadCount}).");
        if (LearnedPositions)
        {
            if (HeadWidth * HeadCount != Width)
                throw new InvalidDataException($"hidden_size ({Width}) must be num_attention_heads ({HeadCount}) times a whole head width.");
            if (KeyValueHeadCount != HeadCount)
                throw new InvalidDataException("num_key_value_heads must equal num_attention_heads in a GPT-1 or GPT-2 model.");
        }
        else if (HeadWidth % 2 != 0)
        {
            throw new InvalidDataException($"head_dim ({HeadWidth}) must be even for rotary positions.");
        }

        if (Dropout is < 0 or >= 1)
            throw new InvalidDataException($"dropout ({Dropout}) must be at least 0 and below 1.");

        static void Positive(string key, int value)
        {
            if (value <= 0)
                throw new InvalidDataException($"{key} must be positive, not {value}.");
        }
    }

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">Not JSON, an unknown architecture, or a missing or impossible value.</exception>
    public static DecoderConfiguration Load(string path) => DecoderConfigurationJson.Load(path);

    /// <summary>The configuration as Hugging Face's <c>config.json</c>.</summary>
    public JsonObject ToHuggingFaceJson() => DecoderConfigurationJson.Write(this);
}

/// <summary>
/// Llama 3's rescaling of rotary frequencies for long contexts (the <c>llama3</c> rope type of Hugging Face Transformers).
/// </summary>
/// <param name="Factor">Divisor of the low frequencies.</param>
/// <param name="LowFrequencyFactor">Wavelengths above original / this are divided by <paramref name="Factor"/>.</param>
/// <param name="HighFrequencyFactor">Wavelengths below original / this are unchanged.</param>
/// <param name="OriginalContextLength">Context length of the original pre-training, in tokens.</param>
public sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContextLength);
