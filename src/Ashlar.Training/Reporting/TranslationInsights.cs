using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference;
using Ashlar.Inference.Models.RecurrentTranslation;
using Ashlar.Inference.Translation;
using Ashlar.Kernels;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting;

/// <summary>Looks inside a translation: what each token looked at, and the search that led to it.</summary>
public static class TranslationInsights
{
    /// <summary>Translates a sentence and tells how.</summary>
    /// <param name="translator">The model.</param>
    /// <param name="sentence">The sentence.</param>
    /// <param name="options">The search; its beams are shown when there are several.</param>
    /// <exception cref="InvalidDataException">The vocabulary cannot spell the sentence, or it is empty.</exception>
    public static TranslationInsight Of(Translator translator, string sentence, TranslationOptions options)
    {
        int[] source = translator.Encode(sentence, options);
        if (source.Length == 0 || string.IsNullOrWhiteSpace(sentence))
            throw new InvalidDataException("the sentence to look at is empty.");
        IReadOnlyList<TranslatedText> found = translator.Translate([sentence], options with { BestCount = options.Search.BeamCount })[0];
        int[][] written = [.. found.Select(text => text.Ended ? [.. text.Tokens, translator.Model.Format.EndId] : text.Tokens.ToArray())];
        (List<BeamNode> nodes, int last) = written.Length > 1 ? Tree(translator, source, written) : ([], -1);
        return new TranslationInsight
        {
            Source = sentence,
            Translation = found[0].Text,
            Attention = translator.Model.AttentionLayerCount > 0 ? [Attention(translator, source, written[0])] : [],
            Beams = nodes,
            BestBeam = last,
            Vectors = Vectors(translator.Model, source),
        };
    }

    // A recurrent model without attention has nothing but this; the others do not use it.
    private static NamedVector[] Vectors(ISequenceToSequenceModel model, int[] source) =>
        model is RecurrentTranslationGraph { Configuration.Attention: RecurrentAttention.None } recurrent
            ? [.. Enum.GetValues<SentencePooling>().Select(pooling => new NamedVector(
                pooling == recurrent.Configuration.Pooling ? $"{pooling.Name()} (this model's)" : pooling.Name(), recurrent.Encode(source, pooling)))]
            : [];

    /// <summary>What each token of a translation looked at, in every layer and head.</summary>
    public static AttentionMaps Attention(Translator translator, int[] source, IReadOnlyList<int> target)
    {
        ISequenceToSequenceModel model = translator.Model;
        (int layers, int heads) = (model.AttentionLayerCount, model.AttentionHeadCount);
        float[] weights = new float[layers * heads * target.Count * source.Length];
        float[] logits = new float[model.VocabularySize];
        using SequenceToSequenceState state = model.NewState(source, keepAttention: true);
        for (int t = 0; t < target.Count; t++)
        {
            // The token is predicted after the one before it was read; that is when the model looks.
            model.Advance(state, new[] { t == 0 ? model.Format.BeginId : target[t - 1] }, logits);
            for (int layer = 0; layer < layers; layer++)
            {
                for (int head = 0; head < heads; head++)
                    state.Attention(layer, head).CopyTo(weights.AsSpan(((layer * heads + head) * target.Count + t) * source.Length, source.Length));
            }
        }

        return new AttentionMaps(
            "decoder to source",
            [.. target.Select(id => TokenText.Of(translator.Vocabularies.Target, id))],
            [.. source.Select(id => TokenText.Of(translator.Vocabularies.Source, id))],
            layers,
            heads,
            weights);
    }

    // The hypotheses share their beginnings: a tree of all that the search brought to an end.
    private static (List<BeamNode> Nodes, int Last) Tree(Translator translator, int[] source, int[][] found)
    {
        ISequenceToSequenceModel model = translator.Model;
        List<BeamNode> nodes = [];
        Dictionary<(int Parent, int Token), int> known = [];
        int last = -1;
        for (int i = 0; i < found.Length; i++)
        {
            int[] tokens = found[i];
            float[] logits = new float[tokens.Length * model.VocabularySize];
            using SequenceToSequenceState state = model.NewState(source);
            model.Advance(state, (int[])[model.Format.BeginId, .. tokens[..^1]], logits, LogitsSelection.All);
            int parent = -1;
            double total = 0;
            for (int t = 0; t < tokens.Length; t++)
            {
                Span<float> row = logits.AsSpan(t * model.VocabularySize, model.VocabularySize);
                double logProbability = row[tokens[t]] - LogSoftmax.LogSumExp(row);
                total += logProbability;
                if (!known.TryGetValue((parent, tokens[t]), out int node))
                {
                    known[(parent, tokens[t])] = node = nodes.Count;
                    nodes.Add(new BeamNode(parent, TokenText.Of(translator.Vocabularies.Target, tokens[t]), Math.Exp(logProbability), total));
                }

                parent = node;
            }

            if (i == 0)
                last = parent;
        }

        return (nodes, last);
    }
}
