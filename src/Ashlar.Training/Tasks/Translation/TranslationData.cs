using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference.Translation;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>A translation recipe's pairs as text and as tokens, and its vocabularies.</summary>
internal sealed class TranslationData
{
    private static readonly string[] Roles = ["<pad>", "<s>", "</s>"];

    private TranslationData(TranslationVocabularies vocabularies, TranslationFormat format)
    {
        Vocabularies = vocabularies;
        Format = format;
        // The source's padding is read by no part of a model, so any id that its vocabulary has will do.
        Tokens = new ParallelTokens(
            format.BeginId, format.EndId, format.PaddingId < vocabularies.Source.VocabularySize ? format.PaddingId : 0, format.PaddingId);
    }

    /// <summary>Trained or loaded.</summary>
    public TranslationVocabularies Vocabularies { get; }

    /// <summary>What stands around sentences.</summary>
    public TranslationFormat Format { get; }

    /// <summary>Ids with a role in a batch.</summary>
    public ParallelTokens Tokens { get; }

    /// <summary>Training pairs in tokens.</summary>
    public required IReadOnlyList<ParallelExample> Train { get; init; }

    /// <summary>Validation pairs in tokens; none is left out.</summary>
    public required IReadOnlyList<ParallelExample> Validation { get; init; }

    /// <summary>Validation pairs as text, in the same order.</summary>
    public required IReadOnlyList<SentencePair> ValidationText { get; init; }

    /// <summary>Test pairs as text, translated at the end of the run; nothing is chosen by them.</summary>
    public required IReadOnlyList<SentencePair> TestText { get; init; }

    /// <summary>Training pairs that the length filters left out.</summary>
    public required int Dropped { get; init; }

    /// <summary>Reads, splits and encodes.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">Where its paths start.</param>
    /// <param name="vocabularies">Those of a run that continues; null to make the recipe's.</param>
    /// <exception cref="InvalidDataException">A file is not what the recipe says, or nothing is left to train or validate on.</exception>
    public static TranslationData Prepare(Recipe recipe, TrainerOptions options, TranslationVocabularies? vocabularies)
    {
        TranslationRecipe translation = recipe.Translation;
        (IReadOnlyList<SentencePair> train, IReadOnlyList<SentencePair> validation, IReadOnlyList<SentencePair> test) = RecipePairs.Read(recipe, options);
        vocabularies ??= MakeVocabularies(recipe, options, train);
        TranslationFormat format = FormatOf(translation, vocabularies);
        // Lengths are filtered for training; a validation score leaves nothing out.
        ParallelEncoder encoder = MakeEncoder(translation, vocabularies, format, new ParallelFilter
        {
            MaximumSourceLength = translation.MaximumSourceLength,
            MaximumTargetLength = translation.MaximumTargetLength,
            MaximumRatio = translation.MaximumRatio,
        });
        ParallelEncoder everything = MakeEncoder(translation, vocabularies, format, new ParallelFilter { MinimumLength = 0 });
        SentenceLimits limits = new(recipe, everything);
        bool generated = recipe.Data.Format is DataFormat.GeneratedReverse or DataFormat.GeneratedCopy;
        string trainKey = generated ? "translation.generated" : "data.train";
        List<ParallelExample> examples = encoder.Encode(train, out int dropped, (pair, example) => limits.CheckTraining(trainKey, pair, example));
        if (examples.Count == 0)
            throw new InvalidDataException($"data: no training pair passes the length filter ({dropped} were left out); expected larger translation.maximumSourceLength, maximumTargetLength or maximumRatio.");
        string validationKey = recipe.Data.Validation.Count > 0 ? "data.validation" : trainKey;
        limits.CheckSources("data.test", test);
        DirectionsRecipe directions = translation.Directions;
        limits.CheckSentences("evaluation.prompts", recipe.Evaluation.Prompts, i => RecipeDirections.OfSentence(translation, directions.Prompts, i));
        limits.CheckSentences("evaluation.lookInside", recipe.Evaluation.LookInside, i => RecipeDirections.OfSentence(translation, directions.LookInside, i));
        return new TranslationData(vocabularies, format)
        {
            Train = examples,
            Validation = everything.Encode(validation, out _, (pair, example) => limits.CheckValidation(validationKey, pair, example)),
            ValidationText = validation,
            TestText = test,
            Dropped = dropped,
        };
    }

    /// <summary>Nats per target token of a uniform guess and of the training targets' frequencies (add one), on the validation targets.</summary>
    public (double Uniform, double Unigram) Baselines()
    {
        double[] counts = new double[Vocabularies.Target.VocabularySize];
        Array.Fill(counts, 1);
        double total = counts.Length;
        foreach (int id in Targets(Train))
        {
            counts[id]++;
            total++;
        }

        double nats = 0;
        long targets = 0;
        foreach (int id in Targets(Validation))
        {
            nats -= Math.Log(counts[id] / total);
            targets++;
        }

        return (Math.Log(counts.Length), nats / targets);
    }

    private IEnumerable<int> Targets(IEnumerable<ParallelExample> examples) => examples.SelectMany(example => example.Target.Append(Format.EndId));

    private static ParallelEncoder MakeEncoder(TranslationRecipe recipe, TranslationVocabularies vocabularies, TranslationFormat format, ParallelFilter filter) =>
        new(vocabularies.Source, vocabularies.Target)
        {
            SourceEnd = format.SourceEndId,
            ReverseSource = format.ReverseSource,
            Tags = recipe.Tags switch
            {
                TagChoice.Target => LanguageTags.Target,
                TagChoice.SourceAndTarget => LanguageTags.SourceAndTarget,
                _ => LanguageTags.None,
            },
            Filter = filter,
        };

    private static TranslationVocabularies MakeVocabularies(Recipe recipe, TrainerOptions options, IReadOnlyList<SentencePair> train)
    {
        TranslationRecipe t = recipe.Translation;
        string[] tags = RecipeDirections.Tags(t);
        if (t.SourceTokenizer is null)
        {
            Tokenizer shared = Make(recipe.Tokenizer, options, train.SelectMany(pair => (string[])[pair.Source, pair.Target]), tags, "both languages");
            return new TranslationVocabularies(shared, shared);
        }

        return new TranslationVocabularies(
            Make(t.SourceTokenizer, options, train.Select(pair => pair.Source), tags, "the sources"),
            Make(recipe.Tokenizer, options, train.Select(pair => pair.Target), [], "the targets"));
    }

    private static Tokenizer Make(TokenizerRecipe wanted, TrainerOptions options, IEnumerable<string> text, string[] tags, string of)
    {
        string[] special = [.. Roles, .. tags, .. wanted.SpecialTokens];
        switch (wanted.Kind)
        {
            case TokenizerKind.File:
                return Tokenizer.Load(RecipePaths.Resolve(wanted.Path!, options.RecipeFolder));
            case TokenizerKind.Character:
                return CharacterTrainer.Train(text, special, unknown: true);
            case TokenizerKind.WordLevel:
                options.Progress?.Note($"collecting the {wanted.VocabularySize:N0} most frequent words of {of}");
                return WordLevelTrainer.Train(text, wanted.VocabularySize, ["<unk>", .. special], minimumCount: wanted.MinimumCount, lowercase: wanted.Lowercase ?? false);
            case TokenizerKind.WordPiece:
                options.Progress?.Note($"training a WordPiece vocabulary of {wanted.VocabularySize:N0} tokens on {of}");
                return WordPieceTrainer.Train(text, wanted.VocabularySize, special, lowercase: wanted.Lowercase ?? true);
            case TokenizerKind.Unigram:
                options.Progress?.Note($"training a unigram vocabulary of {wanted.VocabularySize:N0} tokens on {of}");
                return UnigramTrainer.Train(text, wanted.VocabularySize, special);
            default:
                options.Progress?.Note($"training a byte-level BPE of {wanted.VocabularySize:N0} tokens on {of}");
                return ByteLevelBpeTrainer.Train(text, wanted.VocabularySize, special);
        }
    }

    private static TranslationFormat FormatOf(TranslationRecipe recipe, TranslationVocabularies vocabularies)
    {
        Tokenizer target = vocabularies.Target;
        int padding = target.TokenToId("<pad>") ?? target.SpecialTokens.Padding ?? throw Missing("padding", "<pad>");
        int end = target.TokenToId("</s>") ?? target.SpecialTokens.EndOfText ?? throw Missing("end", "</s>");
        return new TranslationFormat
        {
            PaddingId = padding,
            BeginId = target.TokenToId("<s>") ?? target.SpecialTokens.BeginOfText ?? padding, // Marian begins with padding
            EndId = end,
            SourceEndId = !recipe.EndSource ? null
                : vocabularies.Source.TokenToId("</s>") ?? vocabularies.Source.SpecialTokens.EndOfText
                ?? throw new InvalidDataException("translation.endSource is true and the source vocabulary has no end token; expected </s> in it."),
            ReverseSource = recipe.ReverseSource,
            Tags = recipe.Tags switch
            {
                TagChoice.Target => SourceTags.Target,
                TagChoice.SourceAndTarget => SourceTags.SourceAndTarget,
                _ => SourceTags.None,
            },
        };

        static InvalidDataException Missing(string role, string name) =>
            new($"the target vocabulary has no {role} token; expected {name} among its special tokens.");
    }
}
