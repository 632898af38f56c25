using System.Text.Json.Serialization;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Training.Recipes;

/// <summary>What a <c>translation</c> run needs beyond what every run has: pairs, vocabularies, batches, objective, decoding.</summary>
public sealed record TranslationRecipe
{
    /// <summary>With <c>parallel-tsv</c>: column of the source, from 0.</summary>
    public int SourceColumn { get; init; }

    /// <summary>With <c>parallel-tsv</c>: column of the target, from 0.</summary>
    public int TargetColumn { get; init; } = 1;

    /// <summary>
    /// With <c>parallel-jsonl</c>: key of the source; a dot leads inside, as in <c>translation.de</c>, and <c>{source}</c> and
    /// <c>{target}</c> are the languages of the file's direction, as in <c>translation.{source}</c>.
    /// </summary>
    public string SourceKey { get; init; } = "source";

    /// <summary>With <c>parallel-jsonl</c>: key of the target.</summary>
    public string TargetKey { get; init; } = "target";

    /// <summary>With <c>generated-reverse</c> and <c>generated-copy</c>: the sequences.</summary>
    public GeneratedPairsRecipe Generated { get; init; } = new();

    /// <summary>Languages of the pairs, such as <c>zh-en</c>; needed with tags, where <see cref="Directions"/> does not say them.</summary>
    public string? Direction { get; init; }

    /// <summary>Languages of each file and sentence, where they are not the same in all.</summary>
    public DirectionsRecipe Directions { get; init; } = new();

    /// <summary>Tags before the source, so that one model serves several directions.</summary>
    public TagChoice Tags { get; init; }

    /// <summary>Whether every pair is learned the other way round too; needs tags.</summary>
    public bool BothDirections { get; init; }

    /// <summary>The vocabulary of the sources; without it they share that of the targets, <c>tokenizer</c>.</summary>
    public TokenizerRecipe? SourceTokenizer { get; init; }

    /// <summary>Whether sources are read from their end to their beginning (Sutskever et al. 2014, section 3.3).</summary>
    public bool ReverseSource { get; init; }

    /// <summary>Whether the end token follows a source.</summary>
    public bool EndSource { get; init; } = true;

    /// <summary>Training pairs with more source tokens are left out; 0 for no limit.</summary>
    public int MaximumSourceLength { get; init; }

    /// <summary>Training pairs with more target tokens are left out; 0 for no limit.</summary>
    public int MaximumTargetLength { get; init; }

    /// <summary>Training pairs whose longer side has more than this many tokens for each token of the shorter are left out; 0 for no limit.</summary>
    public double MaximumRatio { get; init; }

    /// <summary>Tokens in a batch: pairs times the longest sentence, of the longer side; 0 for <c>training.batchSize</c> pairs.</summary>
    public int BatchTokens { get; init; } = 4096;

    /// <summary>Lengths this close share a bucket: 1 pads least, more mixes better.</summary>
    public int BucketWidth { get; init; } = 1;

    /// <summary>Share of the target distribution that is spread over the vocabulary (Szegedy et al. 2016, section 7).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// Recurrent models: probability that a step reads the model's own best guess instead of the target (Bengio et al. 2015); it rises
    /// in a line over <see cref="ScheduledSamplingSteps"/> and stays.
    /// </summary>
    public double ScheduledSampling { get; init; }

    /// <summary>Steps over which scheduled sampling rises.</summary>
    public int ScheduledSamplingSteps { get; init; }

    /// <summary>What early stopping, the plateau schedule and the choice of the best model look at.</summary>
    public TranslationCriterion Criterion { get; init; } = TranslationCriterion.Loss;

    /// <summary>Validation sentences translated at every validation for BLEU; the last one translates all. 0 translates none on the way.</summary>
    public int EvaluationSentences { get; init; } = 200;

    /// <summary>Beams with which validation sentences are translated; 1 is greedy.</summary>
    public int BeamCount { get; init; } = 1;

    /// <summary>Exponent of the length penalty ((5 + n) / 6)^alpha (Wu et al. 2016, equation 14).</summary>
    public double LengthPenalty { get; init; }

    /// <summary>Most tokens of a translation.</summary>
    public int MaximumTranslationLength { get; init; } = 100;

    /// <summary>
    /// sacreBLEU's tokenizer for BLEU; <c>none</c> where the text is tokenised already, and <see cref="LanguageTokenizer"/> for that which
    /// sacreBLEU chooses by the language that is written.
    /// </summary>
    public string BleuTokenizer { get; init; } = "13a";

    /// <summary>The word that stands for <see cref="Evaluation.Translation.BleuTokenizers.OfLanguage"/> as <see cref="BleuTokenizer"/>.</summary>
    internal const string LanguageTokenizer = "language";
}

/// <summary>Sequences of numbers and what is to be made of them.</summary>
public sealed record GeneratedPairsRecipe
{
    /// <summary>Training pairs.</summary>
    public int Pairs { get; init; } = 50_000;

    /// <summary>Validation pairs.</summary>
    public int ValidationPairs { get; init; } = 1000;

    /// <summary>Numbers are drawn from 0 to this, exclusive.</summary>
    public int Values { get; init; } = 50;

    /// <summary>Shortest sequence.</summary>
    public int MinimumLength { get; init; } = 1;

    /// <summary>Longest training sequence.</summary>
    public int MaximumLength { get; init; } = 25;

    /// <summary>How much longer a validation sequence may be.</summary>
    public int ValidationExtraLength { get; init; }

    /// <summary>Seed of the sequences, apart from the run's, so that runs of different seeds see the same data.</summary>
    public int Seed { get; init; } = 42;
}

/// <summary>Language tags.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TagChoice>))]
public enum TagChoice
{
    /// <summary>None: the model serves one direction.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>The target language, <c>&lt;2en&gt;</c>.</summary>
    [JsonStringEnumMemberName("target")] Target,

    /// <summary>Both languages, <c>&lt;zh&gt; &lt;2en&gt;</c>.</summary>
    [JsonStringEnumMemberName("source-and-target")] SourceAndTarget,
}

/// <summary>What tells a better translation model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TranslationCriterion>))]
public enum TranslationCriterion
{
    /// <summary>Nats per target token, without smoothing.</summary>
    [JsonStringEnumMemberName("loss")] Loss,

    /// <summary>BLEU of the translated validation sentences.</summary>
    [JsonStringEnumMemberName("bleu")] Bleu,
}

/// <summary>
/// An encoder-decoder Transformer beyond the plain terms of <see cref="ModelRecipe"/>, which say its width, the encoder's layers and
/// heads, inner width, longest sentence, dropout and whether the projection is the target embedding.
/// </summary>
public sealed record TransformerRecipe
{
    /// <summary>Layers of the decoder; 0 for as many as the encoder's.</summary>
    public int DecoderLayers { get; init; }

    /// <summary>Heads in the decoder; 0 for as many as the encoder's.</summary>
    public int DecoderHeads { get; init; }

    /// <summary>Inner width of the decoder's feed-forward layers; 0 for the encoder's.</summary>
    public int DecoderFeedForwardWidth { get; init; }

    /// <summary>Whether the norm stands before each sub-layer instead of after the sum.</summary>
    public bool PreNorm { get; init; }

    /// <summary>Position scheme: <c>sinusoidal</c>, <c>learned</c> or <c>rotary</c>.</summary>
    public string Positions { get; init; } = "sinusoidal";

    /// <summary>Feed-forward activation: <c>relu</c>, <c>gelu</c>, <c>silu</c> or <c>swiglu</c>.</summary>
    public string Activation { get; init; } = "relu";

    /// <summary>Dropout of attention weights.</summary>
    public double AttentionDropout { get; init; }

    /// <summary>Dropout inside the feed-forward layer.</summary>
    public double ActivationDropout { get; init; }

    /// <summary>Whether source and target have one embedding; needs a shared vocabulary.</summary>
    public bool ShareEmbeddings { get; init; }
}

/// <summary>A recurrent encoder-decoder, with or without attention; <see cref="RecurrentTranslationConfiguration"/> says what each means.</summary>
public sealed record Seq2SeqRecipe
{
    /// <summary>Cell of every layer: <c>rnn-tanh</c>, <c>rnn-relu</c>, <c>lstm</c>, <c>gru</c>.</summary>
    public string Cell { get; init; } = "lstm";

    /// <summary>Width of embeddings.</summary>
    public int EmbeddingWidth { get; init; } = 256;

    /// <summary>
    /// Standard deviation of the first embeddings. With 1, as PyTorch's, a narrow model learns to read its source much sooner; small is
    /// for embeddings that are the projection too.
    /// </summary>
    public double EmbeddingDeviation { get; init; } = 0.1;

    /// <summary>Width of the encoder's hidden state, of each direction; 0 for <c>model.width</c>.</summary>
    public int EncoderWidth { get; init; }

    /// <summary>Layers of the decoder; 0 for as many as the encoder's.</summary>
    public int DecoderLayers { get; init; }

    /// <summary>Whether the encoder reads in both directions.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether layers above the first add their input to their output.</summary>
    public bool Residual { get; init; }

    /// <summary>What makes the decoder's first state: <c>dense</c>, <c>copy</c> or <c>zero</c>.</summary>
    public string Bridge { get; init; } = "dense";

    /// <summary>The sentence vector: <c>last</c>, <c>mean</c>, <c>first-last-mean</c>, <c>mean-last-n</c>, <c>sum</c> or <c>max</c>.</summary>
    public string Pooling { get; init; } = "last";

    /// <summary>The N of <c>mean-last-n</c>.</summary>
    public int PoolingCount { get; init; } = 3;

    /// <summary>Whether the decoder reads the sentence vector at every step; without attention only.</summary>
    public bool FeedSentence { get; init; }

    /// <summary><c>none</c>, <c>bahdanau</c>, <c>luong-dot</c>, <c>luong-general</c>, <c>luong-concat</c> or <c>gnmt</c>.</summary>
    public string Attention { get; init; } = "none";

    /// <summary>Width of the additive score's inner layer; 0 for the decoder's width.</summary>
    public int AttentionWidth { get; init; }

    /// <summary>Whether a Luong decoder reads the readout of the step before.</summary>
    public bool InputFeeding { get; init; }

    /// <summary>Width of the readout; 0 for the decoder's width.</summary>
    public int ReadoutWidth { get; init; }

    /// <summary>Whether source and target have one embedding; needs a shared vocabulary.</summary>
    public bool ShareEmbeddings { get; init; }
}
