using Ashlar.Checkpoints;
using Ashlar.Datasets.Parallel;
using Ashlar.Evaluation.Translation;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.RecurrentTranslation;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Inference.Translation;
using Ashlar.Training.Models;
using Ashlar.Training.Models.RecurrentTranslation;
using Ashlar.Training.Models.Transformer;
using Ashlar.Training.Native;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>Translates with a model's weights as they are now, by the inference path itself, as the recipe says.</summary>
internal sealed class ValidationTranslator : IDisposable
{
    private readonly TranslationRecipe _recipe;
    private readonly MemoryTensorSource _weights;
    private readonly ISequenceToSequenceModel _graph;
    private readonly Translator _translator;

    public ValidationTranslator(TranslationModel model, TranslationVocabularies vocabularies, TranslationRecipe recipe)
    {
        _recipe = recipe;
        _weights = model.CopyWeights();
        _graph = model switch
        {
            TransformerModel transformer => TransformerGraph.Load(transformer.Configuration, _weights, TorchRuntime.Threads),
            RecurrentTranslationModel recurrent => RecurrentTranslationGraph.Load(recurrent.Configuration, _weights, TorchRuntime.Threads),
            _ => throw new NotSupportedException($"{model.GetType().Name} has no runtime graph."),
        };
        _translator = new Translator(_graph, vocabularies);
    }

    /// <summary>The best translation of each text.</summary>
    public IReadOnlyList<string> Translate(IReadOnlyList<string> texts, TranslationDirection? direction)
    {
        TranslationOptions options = new()
        {
            Search = new BeamSearchOptions
            {
                BeamCount = _recipe.BeamCount,
                KeepScores = false,
                LengthPenalty = _recipe.LengthPenalty,
                Normalization = LengthNormalization.Google,
                MaxTokens = Math.Min(_recipe.MaximumTranslationLength, (_graph.ContextLength ?? int.MaxValue) - 1),
            },
            SourceLanguage = direction?.Source,
            TargetLanguage = direction?.Target,
        };
        return [.. _translator.Translate(texts, options).Select(best => best[0].Text)];
    }

    /// <summary>BLEU of the translations of pairs, evenly spread over the set.</summary>
    /// <param name="pairs">The set.</param>
    /// <param name="maximum">Most pairs; 0 for all.</param>
    public ValidationBleu Bleu(IReadOnlyList<SentencePair> pairs, int maximum)
    {
        int count = maximum == 0 ? pairs.Count : Math.Min(maximum, pairs.Count);
        IEnumerable<SentencePair> chosen = Enumerable.Range(0, count).Select(i => pairs[(int)((long)i * pairs.Count / count)]);
        return new ValidationBleu([.. chosen.GroupBy(pair => pair.Direction).Select(way => (way.Key, Score(way.Key, [.. way])))]);
    }

    private TranslationScore Score(TranslationDirection? way, SentencePair[] pairs) => Evaluation.Translation.Bleu.Corpus(
        Translate([.. pairs.Select(pair => pair.Source)], way),
        [[.. pairs.Select(pair => pair.Target)]],
        new BleuOptions
        {
            Tokenizer = _recipe.BleuTokenizer == TranslationRecipe.LanguageTokenizer ? BleuTokenizers.OfLanguage(way!.Target) : BleuTokenizers.Parse(_recipe.BleuTokenizer),
        });

    public void Dispose()
    {
        _graph.Dispose();
        _weights.Dispose();
    }
}
