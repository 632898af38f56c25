using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Tasks.Translation;

namespace Ashlar.Training.Recipes;

/// <summary>Which choices of a translation model go together, in the recipe's own words and before any text is read.</summary>
internal sealed class TranslationModelRules
{
    // Vocabularies and their ids are not known yet; nothing here depends on them.
    private static readonly TranslationFormat NoFormat = new() { PaddingId = 0, BeginId = 0, EndId = 0 };

    private readonly ModelRecipe _model;
    private readonly Action<string, object, string> _fail;

    private TranslationModelRules(ModelRecipe model, Action<string, object, string> fail) => (_model, _fail) = (model, fail);

    /// <param name="recipe">The recipe.</param>
    /// <param name="fail">Told key, value and what was expected; throws.</param>
    public static void Check(Recipe recipe, Action<string, object, string> fail)
    {
        TranslationModelRules rules = new(recipe.Model, fail);
        if (recipe.Model.Architecture == "transformer")
            rules.Transformer(recipe);
        else
            rules.Recurrent(recipe);
    }

    private void Transformer(Recipe recipe)
    {
        const string Section = "model.transformer.";
        TransformerRecipe more = _model.Transformer;
        Named(Section + "activation", more.Activation, ["relu", "gelu", "silu", "swiglu"]);
        Named(Section + "positions", more.Positions, ["sinusoidal", "learned", "rotary"]);
        NotNegative(Section + "decoderLayers", more.DecoderLayers);
        NotNegative(Section + "decoderHeads", more.DecoderHeads);
        NotNegative(Section + "decoderFeedForwardWidth", more.DecoderFeedForwardWidth);
        Probability(Section + "attentionDropout", more.AttentionDropout);
        Probability(Section + "activationDropout", more.ActivationDropout);
        Together(TranslationShape.DescribeTransformer(recipe, 1, 1, NoFormat).Conflicts(), key => key switch
        {
            "d_model" => "model.width",
            "encoder_attention_heads" => "model.heads",
            "decoder_attention_heads" => more.DecoderHeads > 0 ? Section + "decoderHeads" : "model.heads",
            "position_embedding_type" => Section + "positions",
            _ => throw new ArgumentOutOfRangeException(nameof(key), key, "a recipe has no name for it"),
        });
    }

    private void Recurrent(Recipe recipe)
    {
        const string Section = "model.seq2seq.";
        Seq2SeqRecipe more = _model.Seq2seq;
        Named(Section + "cell", more.Cell, [.. Enum.GetValues<RecurrentCell>().Select(cell => cell.Name())]);
        Named(Section + "bridge", more.Bridge, [.. Enum.GetValues<RecurrentBridge>().Select(bridge => bridge.Name())]);
        Named(Section + "pooling", more.Pooling, [.. Enum.GetValues<SentencePooling>().Select(pooling => pooling.Name())]);
        Named(Section + "attention", more.Attention, [.. Enum.GetValues<RecurrentAttention>().Select(attention => attention.Name())]);
        Positive(Section + "embeddingWidth", more.EmbeddingWidth);
        if (more.EmbeddingDeviation is not (> 0 and <= 10))
            _fail(Section + "embeddingDeviation", more.EmbeddingDeviation, "above 0 and at most 10");
        Positive(Section + "poolingCount", more.PoolingCount);
        NotNegative(Section + "encoderWidth", more.EncoderWidth);
        NotNegative(Section + "decoderLayers", more.DecoderLayers);
        NotNegative(Section + "attentionWidth", more.AttentionWidth);
        NotNegative(Section + "readoutWidth", more.ReadoutWidth);

        RecurrentTranslationConfiguration c = TranslationShape.DescribeRecurrent(recipe, 1, 1, NoFormat);
        Together(c.Conflicts(), key => key switch
        {
            "decoder_hidden_size" => "model.width",
            "encoder_layers" => "model.layers",
            "tie_word_embeddings" => "model.tieEmbeddings",
            "decoder_layers" => Section + "decoderLayers",
            "embedding_size" => Section + "embeddingWidth",
            "feed_sentence" => Section + "feedSentence",
            "input_feeding" => Section + "inputFeeding",
            "attention" or "bridge" => Section + key,
            _ => throw new ArgumentOutOfRangeException(nameof(key), key, "a recipe has no name for it"),
        });

        // Keys that only some of these choices read.
        if (c.Bridge != RecurrentBridge.Dense && !c.FeedSentence && c.Pooling != SentencePooling.Last)
            _fail(Section + "pooling", more.Pooling, $"{Section}bridge dense or {Section}feedSentence with it; nothing else reads the sentence vector");
        Unread("poolingCount", more.PoolingCount, new Seq2SeqRecipe().PoolingCount, c.Pooling == SentencePooling.MeanLastN, $"{Section}pooling is {more.Pooling}");
        Unread("attentionWidth", more.AttentionWidth, 0, c.IsAdditive, $"{Section}attention is {more.Attention}");
        Unread("readoutWidth", more.ReadoutWidth, 0, c.HasReadout, $"{Section}attention is {more.Attention}");

        void Unread(string key, int value, int otherwise, bool read, string because)
        {
            if (value != otherwise && !read)
                _fail(Section + key, value, $"{otherwise}, because {because} and does not read it");
        }
    }

    // What does not go together, with the recipe's names for config.json's keys.
    private void Together(IEnumerable<ConfigurationConflict> conflicts, Func<string, string> name)
    {
        foreach (ConfigurationConflict conflict in conflicts)
            _fail(name(conflict.Key), conflict.Value, conflict.ExpectedBy(name));
    }

    private void Named(string key, string value, string[] names)
    {
        if (!names.Contains(value))
            _fail(key, value, $"{string.Join(", ", names[..^1])} or {names[^1]}");
    }

    private void Positive(string key, int value)
    {
        if (value <= 0)
            _fail(key, value, "a whole number of at least 1");
    }

    private void NotNegative(string key, int value)
    {
        if (value < 0)
            _fail(key, value, "0 or more");
    }

    private void Probability(string key, double value)
    {
        if (value is not (>= 0 and < 1))
            _fail(key, value, "at least 0 and below 1");
    }
}
