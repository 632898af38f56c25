using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.RecurrentTranslation;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Inference.Translation;
using Ashlar.Tokenizers;
using Ashlar.Training.Reporting.Pictures;
using BeamNode = Ashlar.Training.Reporting.Pictures.BeamNode;

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
        BeamTrace trace = new();
        IReadOnlyList<TranslatedText> found = translator.Trace(sentence, options with { BestCount = options.Sampling is null ? options.Search.BeamCount : 1 }, trace);
        int[][] written = [.. found.Select(text => text.Ended ? [.. text.Tokens, translator.Model.Format.EndId] : text.Tokens.ToArray())];
        // Draws are no search, and a single beam is no tree.
        (List<BeamNode> nodes, int last) = options.Search.BeamCount > 1 && trace.Hypotheses.Count > 0 ? Tree(translator, trace, written) : ([], -1);
        return new TranslationInsight
        {
            Source = sentence,
            Translation = found[0].Text,
            Attention = translator.Model.AttentionLayerCount > 0 ? [Attention(translator, source, written[0]), .. SelfAttention(translator, source, written[0])] : [],
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

    // A Transformer's tokens look at their own side as well.
    private static AttentionMaps[] SelfAttention(Translator translator, int[] source, int[] target)
    {
        if (translator.Model is not TransformerGraph graph)
            return [];
        int[] read = [graph.Format.BeginId, .. target[..^1]];
        return
        [
            Maps("encoder to itself", source, translator.Vocabularies.Source, graph.EncoderAttention(source)),
            Maps("decoder to itself", read, translator.Vocabularies.Target, graph.DecoderAttention(source, read)),
        ];

        static AttentionMaps Maps(string name, int[] ids, Tokenizer vocabulary, SelfAttentionWeights weights)
        {
            string[] tokens = [.. ids.Select(id => TokenText.Of(vocabulary, id))];
            return new AttentionMaps(name, tokens, tokens, weights.LayerCount, weights.HeadCount, weights.Weights);
        }
    }

    // All that was in the beam; what leads to none of the translations that were found fell out of it.
    private static (List<BeamNode> Nodes, int Last) Tree(Translator translator, BeamTrace trace, int[][] found)
    {
        IReadOnlyList<TracedHypothesis> hypotheses = trace.Hypotheses;
        Dictionary<(int Parent, int Token), int> known = [];
        for (int i = 0; i < hypotheses.Count; i++)
            known.TryAdd((hypotheses[i].Parent, hypotheses[i].Token), i);
        HashSet<int> kept = [];
        int last = -1;
        for (int i = 0; i < found.Length; i++)
        {
            int node = -1;
            foreach (int token in found[i])
            {
                if (!known.TryGetValue((node, token), out node))
                    break;
                kept.Add(node);
            }

            if (i == 0)
                last = node;
        }

        List<BeamNode> nodes = [];
        foreach (TracedHypothesis own in hypotheses)
        {
            double before = own.Parent < 0 ? 0 : hypotheses[own.Parent].LogProbability;
            nodes.Add(new BeamNode(
                own.Parent, TokenText.Of(translator.Vocabularies.Target, own.Token), Math.Exp(own.LogProbability - before), own.LogProbability, kept.Contains(nodes.Count)));
        }

        return (nodes, last);
    }
}
