using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Batches;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Training.Loop;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Recurrent;
using Ashlar.Training.Recipes;
using TorchSharp;
using static TorchSharp.torch;
using RecurrentState = Ashlar.Training.Models.Recurrent.RecurrentState;

namespace Ashlar.Training.Tasks;

/// <summary>
/// Next-token prediction by a recurrent model. With contiguous batches its state is carried from batch to batch (truncated
/// back-propagation through time) and is part of the exact resume; a new epoch starts from zeros.
/// </summary>
internal sealed class RecurrentTask : ITask
{
    private readonly Recipe _recipe;
    private readonly RunData _data;
    private readonly RecurrentLanguageModel _model;
    private readonly IBatchSource _batches;
    private readonly RecurrentValidator _validation;
    private readonly RecurrentValidator? _test;
    private readonly RecurrentState _state;

    public RecurrentTask(Recipe recipe, TrainerOptions options, Device device)
    {
        _recipe = recipe;
        _data = RunData.Prepare(recipe, options, TaskChoice.Continued(options));
        Sampling.Check(_data.Tokenizer, recipe);
        torch.manual_seed(recipe.Seed);
        _model = MakeModel(recipe, options, _data, device);
        TrainingRecipe training = recipe.Training;
        int length = recipe.Model.ContextLength;
        int? end = _data.Tokenizer.SpecialTokens.EndOfText;
        int? boundary = recipe.Data.ResetBetweenDocuments
            ? end ?? throw new InvalidDataException($"{recipe.Name}: data.resetBetweenDocuments needs a token between documents; this tokenizer has no end of text.")
            : null;
        int[] stream = DocumentStream.Of(_data.Train, end);
        _batches = recipe.Data.Batching switch
        {
            Batching.Contiguous => new ContiguousStreams(stream, training.BatchSize, length, recipe.Seed, boundary),
            Batching.Packed => new PackedRows(_data.Train, training.BatchSize, length, recipe.Seed),
            _ => new RandomCrops(stream, training.BatchSize, length, recipe.Seed),
        };
        _validation = NewValidator(_data.Validation);
        _test = _data.Test.Count == 0 ? null : NewValidator(_data.Test);
        _state = _model.NewState(training.BatchSize);
        Dictionary<string, Tensor> carried = new() { ["hidden"] = _state.Hidden };
        if (_state.Memory is { } memory)
            carried.Add("memory", memory);
        StateTensors = carried;
        (double uniform, double unigram) = _data.Baselines();
        Header = new JsonObject { ["parameters"] = _model.ParameterCount, ["uniformLoss"] = uniform, ["unigramLoss"] = unigram };
        Summary = $"{_model.ParameterCount:N0} parameters, {stream.Length:N0} training tokens{(_batches is ContiguousStreams tracks ? $" ({tracks.BatchesPerEpoch:N0} steps an epoch)" : "")}, vocabulary {_data.Tokenizer.VocabularySize:N0}; "
            + $"baselines on the validation text: uniform {uniform:F4}, unigram {unigram:F4} nats per token";

        // Few tracks, so that few tokens are scored without what is before them, and enough for the products to be worth their name.
        RecurrentValidator NewValidator(IReadOnlyList<TokenExample> documents) =>
            new(_model, DocumentStream.Of(documents, end), Math.Min(training.BatchSize, 10), length, boundary);
    }

    public TrainableModel Model => _model;

    public JsonObject Header { get; }

    public string Summary { get; }

    public IReadOnlyDictionary<string, Tensor> StateTensors { get; }

    public BatchLoss Accumulate()
    {
        using DisposeScope scope = NewDisposeScope();
        TokenBatch batch = _batches.Next();
        if (!batch.Continues)
            _state.Reset();
        BatchTensors tensors = BatchTensors.From(batch, _model.Device);
        return new BatchLoss(_model.AccumulateGradients(_state, tensors.Inputs, tensors.Targets, tensors.Positions), batch.SupervisedCount);
    }

    public JsonObject SaveState() => _batches.SaveState();

    public void RestoreState(JsonObject state) => _batches.RestoreState(state);

    public ValidationResult Validate(int step, int maximumBatches)
    {
        (double nats, long tokens) = _validation.Nats(maximumBatches);
        Dictionary<string, double> scores = new() { ["perplexity"] = Math.Exp(nats / tokens) };
        ValidationResult result = new(step, nats / tokens, tokens) { Scores = scores };
        if (maximumBatches != 0)
            return result;
        if (_test is not null)
        {
            (double testNats, long testTokens) = _test.Nats(0);
            scores["testLoss"] = testNats / testTokens;
            scores["testPerplexity"] = Math.Exp(testNats / testTokens);
        }

        return result with { BitsPerByte = _validation.BitsPerByte(_data.Tokenizer) };
    }

    public IEnumerable<TrainingSample> Samples(int step)
    {
        if (_recipe.Evaluation.Prompts.Count == 0 || _recipe.Evaluation.SampleTokens == 0)
            return [];
        using MemoryTensorSource weights = _model.CopyWeights();
        using RecurrentGraph graph = RecurrentGraph.Load(_model.Configuration, weights, threadCount: 1);
        return Sampling.Continue(graph, _data.Tokenizer, _recipe, step);
    }

    public void SaveModel(string folder)
    {
        _model.Save(folder);
        _data.Tokenizer.Save(folder);
    }

    public void Dispose()
    {
        _state.Dispose();
        _model.Dispose();
        _data.Dispose();
    }

    private static RecurrentLanguageModel MakeModel(Recipe recipe, TrainerOptions options, RunData data, Device device)
    {
        RecurrentOptions choices = new()
        {
            ComputeType = recipe.Training.ComputeType == ComputeKind.BFloat16 ? ComputeType.BFloat16 : ComputeType.Float32,
            Device = device,
            Seed = recipe.Seed,
        };
        RecurrentConfiguration wanted = RecurrentShape.Of(recipe.Model, data.Tokenizer);
        if (recipe.Model.InitializeFrom is not { } from)
            return new RecurrentLanguageModel(wanted, choices);
        string folder = RecipePaths.Resolve(from, options.RecipeFolder);
        RecurrentConfiguration configuration = RecurrentConfiguration.Load(Path.Combine(folder, "config.json")) with
        {
            InputDropout = wanted.InputDropout,
            LayerDropout = wanted.LayerDropout,
            OutputDropout = wanted.OutputDropout,
            EmbeddingDropout = wanted.EmbeddingDropout,
            VariationalDropout = wanted.VariationalDropout,
            WeightDrop = wanted.WeightDrop,
        };
        RecurrentLanguageModel model = new(configuration, choices);
        using ITensorSource file = FolderWeights.Open(folder);
        model.Load(file);
        return model;
    }
}
