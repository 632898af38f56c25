using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Datasets.Parallel;
using Ashlar.Evaluation.Translation;
using Ashlar.Inference.Translation;
using Ashlar.Training.Loop;
using Ashlar.Training.Models;
using Ashlar.Training.Models.RecurrentTranslation;
using Ashlar.Training.Models.Transformer;
using Ashlar.Training.Recipes;
using Ashlar.Training.Tasks.Translation;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tasks;

/// <summary>
/// Translation by an encoder-decoder: teacher forcing, cross-entropy with label smoothing over the tokens that are not padding, in
/// batches by token count from length buckets.
/// </summary>
internal sealed class TranslationTask : ITask
{
    private readonly Recipe _recipe;
    private readonly TranslationData _data;
    private readonly TranslationModel _model;
    private readonly ParallelBatches _batches;
    private readonly ParallelBatchSize _size;
    private int _passes;

    public TranslationTask(Recipe recipe, TrainerOptions options, Device device)
    {
        _recipe = recipe;
        string? start = recipe.Model.InitializeFrom is { } from ? RecipePaths.Resolve(from, options.RecipeFolder) : null;
        string? vocabularies = options.Resume ? options.OutputDirectory : start;
        _data = TranslationData.Prepare(recipe, options, vocabularies is null ? null : TranslationVocabularies.Load(vocabularies));
        torch.manual_seed(recipe.Seed);
        _model = MakeModel(recipe, _data, device);
        if (start is not null)
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(start, "model.safetensors"));
            _model.Load(file);
        }

        TranslationRecipe translation = recipe.Translation;
        _size = new ParallelBatchSize
        {
            Tokens = translation.BatchTokens,
            Pairs = translation.BatchTokens > 0 ? 0 : recipe.Training.BatchSize,
            BucketWidth = translation.BucketWidth,
        };
        _batches = new ParallelBatches(_data.Train, _data.Tokens, _size, recipe.Seed);
        (double uniform, double unigram) = _data.Baselines();
        Header = new JsonObject { ["parameters"] = _model.ParameterCount, ["uniformLoss"] = uniform, ["unigramLoss"] = unigram };
        string vocabulary = _data.Vocabularies.AreShared
            ? $"a joint vocabulary of {_data.Vocabularies.Target.VocabularySize:N0}"
            : $"vocabularies of {_data.Vocabularies.Source.VocabularySize:N0} and {_data.Vocabularies.Target.VocabularySize:N0}";
        Summary = $"{_model.ParameterCount:N0} parameters, {_data.Train.Count:N0} training pairs in {_batches.BatchesPerEpoch:N0} batches an epoch"
            + (_data.Dropped > 0 ? $" ({_data.Dropped:N0} pairs left out by length)" : "")
            + $", {vocabulary}; baselines on the validation targets: uniform {uniform:F4}, unigram {unigram:F4} nats per token";
    }

    public TrainableModel Model => _model;

    public JsonObject Header { get; }

    public string Summary { get; }

    public IReadOnlyDictionary<string, Tensor> StateTensors { get; } = new Dictionary<string, Tensor>();

    public BatchLoss Accumulate()
    {
        using DisposeScope scope = NewDisposeScope();
        if (_model is RecurrentTranslationModel recurrent)
            recurrent.SamplingProbability = SamplingProbability();
        _passes++;
        ParallelBatch batch = _batches.Next();
        return new BatchLoss(_model.AccumulateGradients(batch, _recipe.Translation.LabelSmoothing), batch.SupervisedCount);
    }

    public JsonObject SaveState()
    {
        JsonObject state = _batches.SaveState();
        state["passes"] = _passes;
        return state;
    }

    public void RestoreState(JsonObject state)
    {
        _batches.RestoreState(state);
        _passes = state["passes"]!.GetValue<int>();
    }

    public ValidationResult Validate(int step, int maximumBatches)
    {
        ParallelBatch[] all = [.. ParallelBatches.Once(_data.Validation, _data.Tokens, ValidationSize())];
        int count = maximumBatches == 0 ? all.Length : Math.Min(maximumBatches, all.Length);
        double nats = 0;
        long tokens = 0;
        bool training = _model.Training;
        _model.SetTraining(false);
        try
        {
            using IDisposable detached = no_grad();
            for (int i = 0; i < count; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                ParallelBatch batch = all[(int)((long)i * all.Length / count)];
                nats += _model.LossSum(batch).item<float>();
                tokens += batch.SupervisedCount;
            }
        }
        finally
        {
            _model.SetTraining(training);
        }

        ValidationResult result = new(step, nats / tokens, tokens);
        TranslationRecipe translation = _recipe.Translation;
        // The last validation reads everything, and so it translates everything.
        if (maximumBatches != 0 && translation.EvaluationSentences == 0)
            return result;
        using ValidationTranslator translator = new(_model, _data.Vocabularies, translation);
        ValidationBleu bleu = translator.Bleu(_data.ValidationText, maximumBatches == 0 ? 0 : translation.EvaluationSentences);
        // A figure of tokenised text says nothing about one of plain text, and so it has another name.
        bool tokenised = translation.BleuTokenizer == BleuTokenizers.Name(BleuTokenizer.None);
        IEnumerable<KeyValuePair<string, double>> scores = bleu.Named(tokenised ? "tokenisedBleu" : "bleu");
        if (maximumBatches == 0 && _data.TestText.Count > 0)
            scores = scores.Concat(translator.Bleu(_data.TestText, 0).Named(tokenised ? "testTokenisedBleu" : "testBleu"));
        result = result with { Scores = new Dictionary<string, double>(scores), BleuSignature = bleu.Signature };
        return translation.Criterion == TranslationCriterion.Bleu ? result with { Criterion = -bleu.Value } : result;
    }

    public IEnumerable<TrainingSample> Samples(int step)
    {
        if (_recipe.Evaluation.Prompts.Count == 0 || _recipe.Evaluation.SampleTokens == 0)
            return [];
        using ValidationTranslator translator = new(_model, _data.Vocabularies, _recipe.Translation);
        IReadOnlyList<string> prompts = _recipe.Evaluation.Prompts;
        string[] translated = new string[prompts.Count];
        DirectionsRecipe directions = _recipe.Translation.Directions;
        foreach (IGrouping<TranslationDirection?, int> way in Enumerable.Range(0, prompts.Count)
            .GroupBy(i => RecipeDirections.OfSentence(_recipe.Translation, directions.Prompts, i)))
        {
            foreach ((int i, string text) in way.Zip(translator.Translate([.. way.Select(i => prompts[i])], way.Key)))
                translated[i] = text;
        }

        return prompts.Zip(translated, (prompt, text) => new TrainingSample(step, prompt, text));
    }

    public void SaveModel(string folder)
    {
        _model.Save(folder);
        _data.Vocabularies.Save(folder);
    }

    public void Dispose() => _model.Dispose();

    private double SamplingProbability()
    {
        double steps = (double)_passes / _recipe.Training.GradientAccumulation;
        int rise = _recipe.Translation.ScheduledSamplingSteps;
        return _recipe.Translation.ScheduledSampling * (rise == 0 ? 1 : Math.Min(1, steps / rise));
    }

    // Nothing is left out of a validation, so its batches may have to hold a longer sentence than training's.
    private ParallelBatchSize ValidationSize() => _size.Tokens == 0
        ? _size
        : _size with { Tokens = Math.Max(_size.Tokens, _data.Validation.Max(example => Math.Max(example.Source.Length, example.TargetSteps))) };

    private static TranslationModel MakeModel(Recipe recipe, TranslationData data, Device device)
    {
        TranslationModelOptions options = new()
        {
            ComputeType = recipe.Training.ComputeType == ComputeKind.BFloat16 ? ComputeType.BFloat16 : ComputeType.Float32,
            Device = device,
            Seed = recipe.Seed,
            EmbeddingDeviation = recipe.Model.Seq2seq.EmbeddingDeviation,
        };
        return recipe.Model.Architecture == "transformer"
            ? new TransformerModel(TranslationShape.Transformer(recipe, data), options)
            : new RecurrentTranslationModel(TranslationShape.Recurrent(recipe, data), options);
    }
}
