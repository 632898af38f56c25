using System.Text.Json.Nodes;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The shape of a recurrent encoder-decoder, with or without attention. <see cref="RecurrentTranslationTensors"/> lists the
/// tensors; both engines compute exactly this.
/// <para>
/// <b>Encoder.</b> Layer 0 reads the source embeddings, layer l the outputs of layer l-1; a bidirectional layer's output is
/// [forward; backward], the backward direction beginning at the sentence's own last token. With <see cref="Residual"/> a layer
/// above the first whose input is as wide as its output adds its input to its output. The top layer's outputs are the memory
/// m[0..n-1], <see cref="MemoryWidth"/> wide; pooling gives the sentence vector v.
/// </para>
/// <para>
/// <b>Decoder step t</b>, e = embedding of the token before, layer 0's input in brackets:
/// none: [e], or [e; v] with <see cref="FeedSentence"/>;
/// bahdanau: the context c from h[t-1], then [e; c];
/// luong: [e], or [e; r[t-1]] with <see cref="InputFeeding"/> (r[-1] = 0), then c from h[t];
/// gnmt: [e; c[t-1]] (c[-1] = 0), then c[t] from layer 0's h, and layer l > 0 reads [y of layer l-1; c[t]].
/// Other layers read the output y of the layer below. With <see cref="Residual"/> layer l > 0 puts out y = h + (y of the layer below).
/// A query h is always the cell's own, without residual or dropout.
/// </para>
/// <para>
/// <b>Readout</b> r, y being the top layer's output:
/// luong: r = tanh(R [c; y] + b); bahdanau: r = tanh(R [c; y; e] + b); none with FeedSentence: r = tanh(R [v; y; e] + b);
/// none without, and gnmt: r = y. logits = P r + p.
/// </para>
/// <para>
/// <b>Dropout</b>, in training only: of embeddings (e is the dropped one), of the output y of every layer but the top (also where a
/// residual adds it), of r (which is then projected and fed back).
/// </para>
/// </summary>
public sealed record RecurrentTranslationConfiguration
{
    /// <summary>Value of <c>model_type</c> in <c>config.json</c>.</summary>
    public const string ModelType = "recurrent-translation";

    /// <summary>The cell of every layer on both sides.</summary>
    public required RecurrentCell Cell { get; init; }

    /// <summary>Number of source token ids.</summary>
    public required int SourceVocabularySize { get; init; }

    /// <summary>Number of target token ids.</summary>
    public required int TargetVocabularySize { get; init; }

    /// <summary>Width of embeddings, on both sides.</summary>
    public required int EmbeddingWidth { get; init; }

    /// <summary>Width of the encoder's hidden state, of each direction.</summary>
    public required int EncoderWidth { get; init; }

    /// <summary>Width of the decoder's hidden state.</summary>
    public required int DecoderWidth { get; init; }

    /// <summary>Layers of the encoder.</summary>
    public int EncoderLayerCount { get; init; } = 1;

    /// <summary>Layers of the decoder.</summary>
    public int DecoderLayerCount { get; init; } = 1;

    /// <summary>Whether the encoder reads in both directions; with <see cref="RecurrentAttention.Gnmt"/> only its bottom layer does.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether layers above the first add their input to their output, where the widths agree.</summary>
    public bool Residual { get; init; }

    /// <summary>What makes the decoder's first state.</summary>
    public RecurrentBridge Bridge { get; init; } = RecurrentBridge.Dense;

    /// <summary>The sentence vector's pooling mode.</summary>
    public SentencePooling Pooling { get; init; } = SentencePooling.Last;

    /// <summary>The N of <see cref="SentencePooling.MeanLastN"/>.</summary>
    public int PoolingCount { get; init; } = 3;

    /// <summary>Whether the decoder reads the sentence vector at every step (Cho et al. 2014); without attention only.</summary>
    public bool FeedSentence { get; init; }

    /// <summary>The attention.</summary>
    public RecurrentAttention Attention { get; init; }

    /// <summary>Width of the additive score's inner layer (bahdanau, luong-concat, gnmt); 0 for the decoder's width.</summary>
    public int AttentionWidth { get; init; }

    /// <summary>Whether a Luong decoder reads the readout of the step before (Luong et al. 2015, section 3.3).</summary>
    public bool InputFeeding { get; init; }

    /// <summary>Width of the readout where it is a layer of its own; 0 for the decoder's width.</summary>
    public int ReadoutWidth { get; init; }

    /// <summary>Whether source and target have one vocabulary and one embedding.</summary>
    public bool ShareEmbeddings { get; init; }

    /// <summary>Whether the output projection is the target embedding.</summary>
    public bool TieProjection { get; init; }

    /// <summary>Longest source and longest decoder input, in tokens; null for no limit.</summary>
    public int? MaximumLength { get; init; }

    /// <summary>Dropout probability of embeddings, in training only as the others.</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Dropout probability between layers.</summary>
    public double LayerDropout { get; init; }

    /// <summary>Dropout probability of the readout.</summary>
    public double OutputDropout { get; init; }

    /// <summary>What stands around sentences.</summary>
    public required TranslationFormat Format { get; init; }

    /// <summary>Whether the readout is a layer of its own rather than the top layer's output.</summary>
    public bool HasReadout => Attention switch
    {
        RecurrentAttention.None => FeedSentence,
        RecurrentAttention.Gnmt => false,
        _ => true,
    };

    /// <summary>Whether the score is v . tanh(Q q + K m + k).</summary>
    public bool IsAdditive => Attention is RecurrentAttention.Bahdanau or RecurrentAttention.LuongConcat or RecurrentAttention.Gnmt;

    /// <summary>Whether the attention is one of Luong's, with the query of the same step.</summary>
    public bool IsLuong => Attention is RecurrentAttention.LuongDot or RecurrentAttention.LuongGeneral or RecurrentAttention.LuongConcat;

    /// <summary>Inner width of the additive score.</summary>
    public int ScoreWidth => AttentionWidth == 0 ? DecoderWidth : AttentionWidth;

    /// <summary>Width of what is projected to the vocabulary.</summary>
    public int OutputWidth => HasReadout && ReadoutWidth != 0 ? ReadoutWidth : DecoderWidth;

    /// <summary>Encoder layers that read in both directions; they are the lowest.</summary>
    public int BidirectionalLayerCount => !Bidirectional ? 0 : Attention == RecurrentAttention.Gnmt ? 1 : EncoderLayerCount;

    /// <summary>Width of an encoder layer's output.</summary>
    public int EncoderOutputWidth(int layer) => layer < BidirectionalLayerCount ? 2 * EncoderWidth : EncoderWidth;

    /// <summary>Width of an encoder layer's input.</summary>
    public int EncoderInputWidth(int layer) => layer == 0 ? EmbeddingWidth : EncoderOutputWidth(layer - 1);

    /// <summary>Width of the encoder's outputs, which attention reads and pooling pools.</summary>
    public int MemoryWidth => EncoderOutputWidth(EncoderLayerCount - 1);

    /// <summary>Width of a decoder layer's input.</summary>
    public int DecoderInputWidth(int layer)
    {
        if (layer > 0)
            return DecoderWidth + (Attention == RecurrentAttention.Gnmt ? MemoryWidth : 0);
        return EmbeddingWidth + Attention switch
        {
            RecurrentAttention.None => FeedSentence ? MemoryWidth : 0,
            RecurrentAttention.Bahdanau or RecurrentAttention.Gnmt => MemoryWidth,
            _ => InputFeeding ? OutputWidth : 0,
        };
    }

    /// <summary>Width of the readout layer's input.</summary>
    public int ReadoutInputWidth => MemoryWidth + DecoderWidth + (IsLuong ? 0 : EmbeddingWidth);

    /// <summary>Checks that the numbers fit together.</summary>
    /// <exception cref="InvalidDataException">A value is impossible; the message names the key.</exception>
    public void Validate() => RecurrentTranslationRules.Check(this);

    /// <summary>The choices that do not go together, for those who have other names for them; <see cref="Validate"/> says the first.</summary>
    public IEnumerable<ConfigurationConflict> Conflicts() => RecurrentTranslationRules.Conflicts(this);

    /// <summary>Reads a <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">Not JSON, another type of model, or a missing or impossible value.</exception>
    public static RecurrentTranslationConfiguration Load(string path) => RecurrentTranslationJson.Load(path);

    /// <summary>The configuration as a <c>config.json</c> with <c>model_type</c> <see cref="ModelType"/>.</summary>
    public JsonObject ToJson() => RecurrentTranslationJson.Write(this);
}
