namespace Ashlar.Training.Recipes;

/// <summary>Shape of the network, in plain terms; or a named size; or a checkpoint to start from.</summary>
public sealed record ModelRecipe
{
    /// <summary>
    /// A published shape by name (<see cref="ModelSizes"/>), such as <c>gpt2-xl</c>; keys beside it change single numbers. Null for the
    /// numbers below alone.
    /// </summary>
    public string? Size { get; init; }

    /// <summary>Family: <c>gpt1</c>, <c>gpt2</c>, <c>llama</c>, <c>qwen2</c>, <c>qwen3</c>; or recurrent: <c>rnn-tanh</c>, <c>rnn-relu</c>, <c>lstm</c>, <c>gru</c>; or of translation: <c>transformer</c>, <c>seq2seq</c>.</summary>
    public string Architecture { get; init; } = "gpt2";

    /// <summary>Blocks.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Query heads in each block.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Key and value heads; 0 means as many as <see cref="Heads"/>.</summary>
    public int KeyValueHeads { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Width of one head; 0 means <see cref="Width"/> / <see cref="Heads"/>.</summary>
    public int HeadWidth { get; init; }

    /// <summary>Inner width of the feed-forward layer; 0 means the family's usual one (4 x, or 8/3 x with SwiGLU).</summary>
    public int FeedForwardWidth { get; init; }

    /// <summary>Longest sequence and the length of training rows, in tokens.</summary>
    public int ContextLength { get; init; } = 256;

    /// <summary>Dropout probability during training; of a recurrent model, on inputs, between layers and on outputs alike.</summary>
    public double Dropout { get; init; }

    /// <summary>Recurrent models: width of the token embedding; 0 means that of the hidden state.</summary>
    public int EmbeddingWidth { get; init; }

    /// <summary>Recurrent models: the input is the one-hot vector of the token, without an embedding.</summary>
    public bool OneHotInput { get; init; }

    /// <summary>Recurrent models: dropout of the embedded inputs, where it differs from <see cref="Dropout"/>.</summary>
    public double? InputDropout { get; init; }

    /// <summary>Recurrent models: dropout between layers, where it differs from <see cref="Dropout"/>.</summary>
    public double? LayerDropout { get; init; }

    /// <summary>Recurrent models: dropout of the last layer's outputs, where it differs from <see cref="Dropout"/>.</summary>
    public double? OutputDropout { get; init; }

    /// <summary>Recurrent models: dropout of whole words' embeddings.</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Recurrent models: one dropout mask for all time steps of a row.</summary>
    public bool VariationalDropout { get; init; }

    /// <summary>Recurrent models: dropout of the hidden-to-hidden weights.</summary>
    public double WeightDrop { get; init; }

    /// <summary>Whether the output projection is the token embedding.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>With <c>transformer</c>: what the other keys don't say.</summary>
    public TransformerRecipe Transformer { get; init; } = new();

    /// <summary>With <c>seq2seq</c>: what the other keys don't say.</summary>
    public Seq2SeqRecipe Seq2seq { get; init; } = new();

    /// <summary>A run or Hugging Face folder whose weights, shape and tokenizer are the starting point.</summary>
    public string? InitializeFrom { get; init; }
}
