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
            rules.Transformer();
        else
            rules.Recurrent(recipe);
    }

    private void Transformer()
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
        if (more.Positions == "sinusoidal" && _model.Width % 2 != 0)
            _fail("model.width", _model.Width, $"an even number, because {Section}positions is sinusoidal");
        Heads("model.heads", _model.Heads);
        if (more.DecoderHeads > 0)
            Heads(Section + "decoderHeads", more.DecoderHeads);

        void Heads(string key, int heads)
        {
            if (_model.Width % heads != 0)
                _fail(key, heads, $"a divisor of model.width ({_model.Width})");
            if (more.Positions == "rotary" && _model.Width / heads % 2 != 0)
                _fail(key, heads, $"one that makes model.width / {key} ({_model.Width / heads}) even, because {Section}positions is rotary");
        }
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
        Positive(Section + "poolingCount", more.PoolingCount);
        NotNegative(Section + "encoderWidth", more.EncoderWidth);
        NotNegative(Section + "decoderLayers", more.DecoderLayers);
        NotNegative(Section + "attentionWidth", more.AttentionWidth);
        NotNegative(Section + "readoutWidth", more.ReadoutWidth);

        RecurrentTranslationConfiguration c = TranslationShape.Describe(recipe, 1, 1, NoFormat);
        string attention = $"{Section}attention is {more.Attention}";
        if (c.FeedSentence && c.Attention != RecurrentAttention.None)
            _fail(Section + "feedSentence", "true", $"false, because {attention}");
        if (c.InputFeeding && !c.IsLuong)
            _fail(Section + "inputFeeding", "true", $"false, because {attention}; it is for a Luong attention");
        if (c.Attention == RecurrentAttention.LuongDot && c.MemoryWidth != c.DecoderWidth)
            _fail("model.width", c.DecoderWidth, $"the width of the encoder's outputs ({c.MemoryWidth}), because {attention}");
        if (c.Attention == RecurrentAttention.Gnmt && c.DecoderLayerCount < 2)
            _fail(Section + "decoderLayers", c.DecoderLayerCount, $"at least 2, because {attention} and the layers above the first read the context");
        if (c.Attention == RecurrentAttention.None && c.Bridge == RecurrentBridge.Zero && !c.FeedSentence)
            _fail(Section + "bridge", "zero", $"dense or copy, or {Section}feedSentence, because {attention} and the decoder would know nothing of the source");
        if (c.TieProjection && c.EmbeddingWidth != c.OutputWidth)
            _fail("model.tieEmbeddings", "true", $"false, or {Section}embeddingWidth ({c.EmbeddingWidth}) equal to the width that is projected ({c.OutputWidth})");
        if (c.Bridge == RecurrentBridge.Copy)
        {
            if (c.EncoderLayerCount != c.DecoderLayerCount)
                _fail(Section + "decoderLayers", c.DecoderLayerCount, $"as many as the encoder's ({c.EncoderLayerCount}), because {Section}bridge is copy");
            for (int layer = 0; layer < c.EncoderLayerCount; layer++)
            {
                if (c.EncoderOutputWidth(layer) != c.DecoderWidth)
                    _fail("model.width", c.DecoderWidth, $"the width of encoder layer {layer}'s state ({c.EncoderOutputWidth(layer)}), because {Section}bridge is copy");
            }
        }

        // Keys that only some of these choices read.
        if (c.Bridge != RecurrentBridge.Dense && !c.FeedSentence && c.Pooling != SentencePooling.Last)
            _fail(Section + "pooling", more.Pooling, $"{Section}bridge dense or {Section}feedSentence with it; nothing else reads the sentence vector");
        Unread("poolingCount", more.PoolingCount, new Seq2SeqRecipe().PoolingCount, c.Pooling == SentencePooling.MeanLastN, $"{Section}pooling is {more.Pooling}");
        Unread("attentionWidth", more.AttentionWidth, 0, c.IsAdditive, attention);
        Unread("readoutWidth", more.ReadoutWidth, 0, c.HasReadout, attention);

        void Unread(string key, int value, int otherwise, bool read, string because)
        {
            if (value != otherwise && !read)
                _fail(Section + key, value, $"{otherwise}, because {because} and does not read it");
        }
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
