using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Training.Tests.Models;

/// <summary>Recurrent encoder-decoders of every kind, small enough for a test.</summary>
internal static class TinyRecurrent
{
    public static string[] Kinds { get; } =
    [
        "none-copy-lstm", "none-feed-gru", "bahdanau-gru", "bahdanau-lstm-deep", "luong-dot-tanh", "luong-general-feeding", "luong-concat-relu",
        "gnmt-residual", "shared-tied",
        "pooling-last", "pooling-mean", "pooling-first-last-mean", "pooling-mean-last-n", "pooling-sum", "pooling-max",
    ];

    private static RecurrentTranslationConfiguration Base { get; } = new()
    {
        Cell = RecurrentCell.Gru,
        SourceVocabularySize = TinyTranslation.TargetVocabulary,
        TargetVocabularySize = TinyTranslation.TargetVocabulary,
        EmbeddingWidth = 10,
        EncoderWidth = 12,
        DecoderWidth = 14,
        Format = TinyTranslation.Format,
    };

    public static RecurrentTranslationConfiguration Of(string kind) => kind switch
    {
        "none-copy-lstm" => Base with { Cell = RecurrentCell.Lstm, Bridge = RecurrentBridge.Copy, EncoderLayerCount = 2, DecoderLayerCount = 2, EncoderWidth = 7, Bidirectional = true },
        "none-feed-gru" => Base with { FeedSentence = true },
        "bahdanau-gru" => Base with { Bidirectional = true, Attention = RecurrentAttention.Bahdanau, AttentionWidth = 9, ReadoutWidth = 11 },
        "bahdanau-lstm-deep" => Base with
        {
            Cell = RecurrentCell.Lstm,
            Bidirectional = true,
            Attention = RecurrentAttention.Bahdanau,
            EncoderLayerCount = 2,
            DecoderLayerCount = 2,
            Residual = true,
        },
        "luong-dot-tanh" => Base with { Cell = RecurrentCell.RnnTanh, Attention = RecurrentAttention.LuongDot, EncoderWidth = 14 },
        "luong-general-feeding" => Base with { Cell = RecurrentCell.Lstm, Attention = RecurrentAttention.LuongGeneral, InputFeeding = true, Bidirectional = true, Bridge = RecurrentBridge.Zero },
        "luong-concat-relu" => Base with { Cell = RecurrentCell.RnnRelu, Attention = RecurrentAttention.LuongConcat, InputFeeding = true },
        "gnmt-residual" => Base with
        {
            Cell = RecurrentCell.Lstm,
            Attention = RecurrentAttention.Gnmt,
            EncoderLayerCount = 3,
            DecoderLayerCount = 3,
            Residual = true,
            Bidirectional = true,
        },
        "shared-tied" => Base with { ShareEmbeddings = true, TieProjection = true, DecoderWidth = 10, FeedSentence = true },
        _ => Base with { Bidirectional = true, FeedSentence = true, Pooling = RecurrentTranslationNames.ParsePooling(kind["pooling-".Length..]), PoolingCount = 3 },
    };
}
