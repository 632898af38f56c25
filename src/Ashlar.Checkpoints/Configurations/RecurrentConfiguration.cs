using System.Text.Json.Nodes;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The shape of a recurrent language model: embedding, a stack of recurrent layers, projection to the vocabulary. Training
/// builds its module from it and the runtime its graph; <see cref="RecurrentTensors"/> lists the tensors of a checkpoint.
/// </summary>
public sealed record RecurrentConfiguration
{
    /// <summary>Value of <c>model_type</c> in <c>config.json</c>.</summary>
    public const string ModelType = "recurrent-lm";

    /// <summary>The cell of every layer.</summary>
    public required RecurrentCell Cell { get; init; }

    /// <summary>Number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>
    /// Width of a token's embedding. 0 means that there is none: the input is the one-hot vector of the token, so that
    /// <c>rnn.weight_ih_l0</c> has a column for each token.
    /// </summary>
    public required int EmbeddingWidth { get; init; }

    /// <summary>Width of the hidden state of every layer.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>Number of recurrent layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Whether the output projection is the token embedding; needs equal widths.</summary>
    public bool TieEmbeddings { get; init; }

    /// <summary>Whether the cells have biases.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Whether the output projection has a bias.</summary>
    public bool ProjectionBias { get; init; } = true;

    /// <summary>Dropout probability of the embedded inputs, in training only as the others.</summary>
    public double InputDropout { get; init; }

    /// <summary>Dropout probability between layers.</summary>
    public double LayerDropout { get; init; }

    /// <summary>Dropout probability of the last layer's outputs.</summary>
    public double OutputDropout { get; init; }

    /// <summary>Probability that a word's whole embedding is zero in a batch (Gal and Ghahramani 2016).</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Whether a dropout mask stays the same over time (Gal and Ghahramani 2016).</summary>
    public bool VariationalDropout { get; init; }

    /// <summary>Dropout probability of the recurrent weights themselves (Merity et al. 2018, AWD-LSTM).</summary>
    public double WeightDrop { get; init; }

    /// <summary>Id that begins a text, if the model has one.</summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>Ids that end a text; generation stops at any of them.</summary>
    public IReadOnlyList<int> EndOfTextIds { get; init; } = [];

    /// <summary>Width of the first layer's input: the embedding's, or the vocabulary's where the input is one-hot.</summary>
    public int InputWidth => EmbeddingWidth == 0 ? VocabularySize : EmbeddingWidth;

    /// <summary>Checks that the numbers fit together.</summary>
    /// <exception cref="InvalidDataException">A size or probability is impossible; the message names the key.</exception>
    public void Validate()
    {
        Positive("vocab_size", VocabularySize);
        Positive("hidden_size", HiddenWidth);
        Positive("num_hidden_layers", LayerCount);
        if (EmbeddingWidth < 0)
            throw new InvalidDataException($"embedding_size must be positive, or 0 for one-hot input, not {EmbeddingWidth}.");
        if (TieEmbeddings && EmbeddingWidth != HiddenWidth)
            throw new InvalidDataException($"tie_word_embeddings needs embedding_size ({EmbeddingWidth}) equal to hidden_size ({HiddenWidth}).");
        Probability("input_dropout", InputDropout);
        Probability("layer_dropout", LayerDropout);
        Probability("output_dropout", OutputDropout);
        Probability("embedding_dropout", EmbeddingDropout);
        Probability("weight_drop", WeightDrop);
        if (EmbeddingWidth == 0 && EmbeddingDropout > 0)
            throw new InvalidDataException("embedding_dropout needs an embedding; embedding_size is 0.");
        foreach (int id in EndOfTextIds.Concat(BeginOfTextId is { } begin ? [begin] : []))
            if ((uint)id >= (uint)VocabularySize)
                throw new InvalidDataException($"bos_token_id or eos_token_id is {id}; the vocabulary has {VocabularySize} ids.");

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

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">Not JSON, another type of model, or a missing or impossible value.</exception>
    public static RecurrentConfiguration Load(string path) => RecurrentConfigurationJson.Load(path);

    /// <summary>The configuration as a <c>config.json</c> with <c>model_type</c> <see cref="ModelType"/>.</summary>
    public JsonObject ToJson() => RecurrentConfigurationJson.Write(this);
}
