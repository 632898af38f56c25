using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>
/// A recipe is a run: what to train, on what, how, and how to judge it. Read from one JSON file by <see cref="RecipeFile"/>;
/// an unknown key, a missing file or an impossible value stops the run before it starts.
/// </summary>
public sealed record Recipe
{
    /// <summary>Name of the run; the default output folder is <c>runs/NAME</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence on what this recipe is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>What a batch is turned into: next-token prediction or supervised fine-tuning on chats.</summary>
    public TrainingTask Task { get; init; } = TrainingTask.CausalLm;

    /// <summary>Seed of every random number generator of the run.</summary>
    public int Seed { get; init; } = 1337;

    /// <summary>How text becomes token ids.</summary>
    public TokenizerRecipe Tokenizer { get; init; } = new();

    /// <summary>Training and validation text.</summary>
    public required DataRecipe Data { get; init; }

    /// <summary>Order and smoothing of an n-gram model; looked at only with task <c>ngram</c>, which looks at nothing of a network.</summary>
    public NGramRecipe Ngram { get; init; } = new();

    /// <summary>Shape of the network.</summary>
    public ModelRecipe Model { get; init; } = new();

    /// <summary>The optimizer and its constants.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new();

    /// <summary>Learning rate over the steps.</summary>
    public ScheduleRecipe Schedule { get; init; } = new();

    /// <summary>Length and arithmetic of the run.</summary>
    public TrainingRecipe Training { get; init; } = new();

    /// <summary>Validation, samples and early stopping.</summary>
    public EvaluationRecipe Evaluation { get; init; } = new();

    /// <summary>With task <c>translation</c>: pairs, vocabularies, objective and decoding.</summary>
    public TranslationRecipe Translation { get; init; } = new();
}

/// <summary>How a batch becomes a loss.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainingTask>))]
public enum TrainingTask
{
    /// <summary>Predict each next token.</summary>
    [JsonStringEnumMemberName("causal-lm")] CausalLm,

    /// <summary>Supervised fine-tuning: predict the assistant's replies and their end tokens, nothing else.</summary>
    [JsonStringEnumMemberName("sft")] Sft,

    /// <summary>Count n-grams and smooth the counts; no network and no steps.</summary>
    [JsonStringEnumMemberName("ngram")] NGram,

    /// <summary>Predict each next token of a target from its source and what stands before it.</summary>
    [JsonStringEnumMemberName("translation")] Translation,
}

/// <summary>The tokenizer of a run.</summary>
public sealed record TokenizerRecipe
{
    /// <summary>Which model to train, or <c>file</c> to load one.</summary>
    public TokenizerKind Kind { get; init; } = TokenizerKind.ByteLevelBpe;

    /// <summary>Tokens to train, special ones included; ignored by <c>character</c> and <c>file</c>.</summary>
    public int VocabularySize { get; init; } = 4096;

    /// <summary>With <c>word-level</c>: words that occur less often are left out.</summary>
    public int MinimumCount { get; init; } = 1;

    /// <summary>With <c>file</c>: a tokenizer.json, a folder that holds one, a .tiktoken or .model file.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// With <c>word-level</c>: further files whose words are in the vocabulary, such as validation and test text where a published
    /// figure counts every word. Words that are never trained stay improbable.
    /// </summary>
    public IReadOnlyList<string> AlsoWordsOf { get; init; } = [];

    /// <summary>Special tokens beyond <c>&lt;|endoftext|&gt;</c>, for instance <c>&lt;|im_start|&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>Whether text is lower-cased first; null does so with <c>word-piece</c> only. No other kind but <c>word-level</c> can.</summary>
    public bool? Lowercase { get; init; }
}

/// <summary>Kinds of tokenizer a run can train or load.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TokenizerKind>))]
public enum TokenizerKind
{
    /// <summary>One token a Unicode character of the training text.</summary>
    [JsonStringEnumMemberName("character")] Character,

    /// <summary>Byte-level byte-pair encoding, as GPT-2's.</summary>
    [JsonStringEnumMemberName("byte-level-bpe")] ByteLevelBpe,

    /// <summary>One token a word between white space; rare words are <c>&lt;unk&gt;</c>.</summary>
    [JsonStringEnumMemberName("word-level")] WordLevel,

    /// <summary>WordPiece, as BERT's: pieces of words, lower-cased unless <see cref="TokenizerRecipe.Lowercase"/> is false.</summary>
    [JsonStringEnumMemberName("word-piece")] WordPiece,

    /// <summary>A unigram language model of pieces with byte fallback, as SentencePiece's.</summary>
    [JsonStringEnumMemberName("unigram")] Unigram,

    /// <summary>Load from <c>tokenizer.path</c>.</summary>
    [JsonStringEnumMemberName("file")] File,
}

/// <summary>The text of a run. Paths are relative to the recipe; <c>${ASHLAR_DATA}</c> names the measurement data.</summary>
public sealed record DataRecipe
{
    /// <summary>Format of the files.</summary>
    public DataFormat Format { get; init; } = DataFormat.Text;

    /// <summary>Training files, folders or globs.</summary>
    public required IReadOnlyList<string> Train { get; init; }

    /// <summary>Validation files; empty to hold out <see cref="ValidationFraction"/> of the training text.</summary>
    public IReadOnlyList<string> Validation { get; init; } = [];

    /// <summary>
    /// Files whose documents are left out of training where they occur there word for word: held-out text that a published split
    /// also trains on. Their words stay in a vocabulary that is made from the training files.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Files that are scored whenever the whole validation text is, at the end at the latest; nothing is chosen by them.</summary>
    public IReadOnlyList<string> Test { get; init; } = [];

    /// <summary>Share of the training text held out when no validation files are named.</summary>
    public double ValidationFraction { get; init; } = 0.1;

    /// <summary>Hold out the last characters (<c>position</c>, nanoGPT's way) or whole documents by hash (<c>document</c>).</summary>
    public ValidationSplit Split { get; init; } = ValidationSplit.Document;

    /// <summary>How token streams are cut into rows.</summary>
    public Batching Batching { get; init; } = Batching.RandomCrops;

    /// <summary>With <c>contiguous</c>: whether a recurrent state starts anew at each document instead of going on through the stream.</summary>
    public bool ResetBetweenDocuments { get; init; }
}

/// <summary>File formats.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DataFormat>))]
public enum DataFormat
{
    /// <summary>Each file is one document.</summary>
    [JsonStringEnumMemberName("text")] Text,

    /// <summary>Each line is one document.</summary>
    [JsonStringEnumMemberName("text-lines")] TextLines,

    /// <summary>JSON lines with a <c>text</c> key.</summary>
    [JsonStringEnumMemberName("jsonl")] Jsonl,

    /// <summary>JSON lines with a <c>messages</c> key.</summary>
    [JsonStringEnumMemberName("chat")] Chat,

    /// <summary>Parquet with a <c>text</c> column.</summary>
    [JsonStringEnumMemberName("parquet")] Parquet,

    /// <summary>Pairs of files, source and target in turn: line n of one translates line n of the other.</summary>
    [JsonStringEnumMemberName("parallel-text")] ParallelText,

    /// <summary>Each line is a pair in columns divided by tabs.</summary>
    [JsonStringEnumMemberName("parallel-tsv")] ParallelTsv,

    /// <summary>JSON lines with a key for each side.</summary>
    [JsonStringEnumMemberName("parallel-jsonl")] ParallelJsonl,

    /// <summary>No files: random numbers, to be written backwards.</summary>
    [JsonStringEnumMemberName("generated-reverse")] GeneratedReverse,

    /// <summary>No files: random numbers, to be written as they are.</summary>
    [JsonStringEnumMemberName("generated-copy")] GeneratedCopy,
}

/// <summary>How validation text is held out.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ValidationSplit>))]
public enum ValidationSplit
{
    /// <summary>The last characters of the text.</summary>
    [JsonStringEnumMemberName("position")] Position,

    /// <summary>Whole documents, chosen by a hash of their content.</summary>
    [JsonStringEnumMemberName("document")] Document,
}

/// <summary>How token streams are cut into rows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Batching>))]
public enum Batching
{
    /// <summary>Rows start anywhere in one long stream (nanoGPT).</summary>
    [JsonStringEnumMemberName("random-crops")] RandomCrops,

    /// <summary>Whole documents packed into rows; attention never crosses a document.</summary>
    [JsonStringEnumMemberName("packed")] Packed,

    /// <summary>The stream in as many parallel tracks as there are rows; a batch goes on where the one before ended (recurrent models).</summary>
    [JsonStringEnumMemberName("contiguous")] Contiguous,
}

/// <summary>Shape of the network, in plain terms; or a named size; or a checkpoint to start from.</summary>
public sealed record ModelRecipe
{
    /// <summary>Family: <c>gpt2</c>, <c>llama</c>, <c>qwen2</c>, <c>qwen3</c>; or recurrent: <c>rnn-tanh</c>, <c>rnn-relu</c>, <c>lstm</c>, <c>gru</c>; or of translation: <c>transformer</c>, <c>seq2seq</c>.</summary>
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

/// <summary>The optimizer.</summary>
public sealed record OptimizerRecipe
{
    /// <summary>Which one.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.AdamW;

    /// <summary>Peak learning rate (AdamW, SGD, and the non-matrix part under Muon).</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, on matrices and embeddings only.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Peak learning rate of the matrices under Muon.</summary>
    public double MuonLearningRate { get; init; } = 0.02;

    /// <summary>SGD's momentum.</summary>
    public double Momentum { get; init; }

    /// <summary>Muon's momentum.</summary>
    public double MuonMomentum { get; init; } = 0.95;
}

/// <summary>Optimizers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    /// <summary>AdamW (Loshchilov and Hutter 2019), fused.</summary>
    [JsonStringEnumMemberName("adamw")] AdamW,

    /// <summary>Muon on hidden matrices (Jordan 2024), AdamW on the rest.</summary>
    [JsonStringEnumMemberName("muon")] Muon,

    /// <summary>Stochastic gradient descent, with momentum if <see cref="OptimizerRecipe.Momentum"/> is above 0.</summary>
    [JsonStringEnumMemberName("sgd")] Sgd,
}

/// <summary>Learning rate over the steps.</summary>
public sealed record ScheduleRecipe
{
    /// <summary>Shape after the warm-up.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Steps of linear warm-up.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Last learning rate as a share of the peak.</summary>
    public double FinalFraction { get; init; } = 0.1;

    /// <summary>With <c>wsd</c>: the share of the steps, at the end, over which the rate decays.</summary>
    public double DecayFraction { get; init; } = 0.2;

    /// <summary>With <c>plateau</c>: what the rate is multiplied by.</summary>
    public double PlateauFactor { get; init; } = 0.5;

    /// <summary>With <c>plateau</c>: validations without a better score that are borne before the rate falls.</summary>
    public int PlateauPatience { get; init; }
}

/// <summary>Schedules.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScheduleKind>))]
public enum ScheduleKind
{
    /// <summary>Half a cosine to the final fraction.</summary>
    [JsonStringEnumMemberName("cosine")] Cosine,

    /// <summary>A line to the final fraction.</summary>
    [JsonStringEnumMemberName("linear")] Linear,

    /// <summary>The peak throughout.</summary>
    [JsonStringEnumMemberName("constant")] Constant,

    /// <summary>Warm-up, stable, decay.</summary>
    [JsonStringEnumMemberName("wsd")] Wsd,

    /// <summary>Proportional to the inverse square root of the step (Vaswani et al. 2017, section 5.3).</summary>
    [JsonStringEnumMemberName("inverse-square-root")] InverseSquareRoot,

    /// <summary>The peak until validation stops getting better; then times <see cref="ScheduleRecipe.PlateauFactor"/>, again and again.</summary>
    [JsonStringEnumMemberName("plateau")] Plateau,
}

/// <summary>Length and arithmetic of the run.</summary>
public sealed record TrainingRecipe
{
    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Rows in one forward and backward pass.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Passes in one optimizer step; equal to a batch as many times larger.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Largest global gradient norm; 0 turns clipping off.</summary>
    public double GradientClip { get; init; } = 1;

    /// <summary>Arithmetic of the matrix products; weights are always kept in float32.</summary>
    public ComputeKind ComputeType { get; init; } = ComputeKind.BFloat16;

    /// <summary>Decay of the exponential moving average of the weights; 0 turns it off.</summary>
    public double Ema { get; init; }

    /// <summary>
    /// Average the weights of this many of the last validations (Vaswani et al. 2017, section 6.1) at the end of the run; 0 or 1 for
    /// the last weights alone.
    /// </summary>
    public int AverageCheckpoints { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 500;
}

/// <summary>Arithmetic of the matrix products.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ComputeKind>))]
public enum ComputeKind
{
    /// <summary>32-bit throughout.</summary>
    [JsonStringEnumMemberName("float32")] Float32,

    /// <summary>bfloat16 products with 32-bit master weights.</summary>
    [JsonStringEnumMemberName("bfloat16")] BFloat16,
}

/// <summary>Validation, samples and early stopping.</summary>
public sealed record EvaluationRecipe
{
    /// <summary>Steps between validations.</summary>
    public int Every { get; init; } = 250;

    /// <summary>Most validation batches on the way; the final validation always reads everything. 0 means all.</summary>
    public int MaximumBatches { get; init; } = 40;

    /// <summary>Stop after this many validations without a better loss; 0 turns it off.</summary>
    public int EarlyStoppingPatience { get; init; }

    /// <summary>Texts that are continued at every validation, to watch the model learn.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Sentences over which the run's report shows what the model does, step by step, where its kind has such a picture.</summary>
    public IReadOnlyList<string> LookInside { get; init; } = [];

    /// <summary>Tokens in a sample.</summary>
    public int SampleTokens { get; init; } = 100;

    /// <summary>Temperature of the samples; 0 is greedy.</summary>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Samples draw from this many likeliest tokens; 0 means all.</summary>
    public int TopK { get; init; }
}
