using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Batches;
using Ashlar.Inference.Models;
using Ashlar.Training.Loop;
using Ashlar.Training.Models;
using Ashlar.Training.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tasks;

/// <summary>Next-token prediction by a decoder-only Transformer: on text, or on the replies of conversations (supervised fine-tuning).</summary>
internal sealed class DecoderTask : ITask
{
    private readonly Recipe _recipe;
    private readonly RunData _data;
    private readonly Models.Decoder _model;
    private readonly IBatchSource _batches;
    private readonly Validator _validator;

    public DecoderTask(Recipe recipe, TrainerOptions options, Device device)
    {
        _recipe = recipe;
        _data = RunData.Prepare(recipe, options, TaskChoice.Continued(options));
        Sampling.Check(_data.Tokenizer, recipe);
        torch.manual_seed(recipe.Seed);
        _model = MakeModel(recipe, options, _data, device);
        int length = _model.Configuration.ContextLength;
        TrainingRecipe training = recipe.Training;
        _batches = recipe.Data.Batching == Batching.Packed || recipe.Task == TrainingTask.Sft
            ? new PackedRows(_data.Train, training.BatchSize, length, recipe.Seed)
            : new RandomCrops(_data.TrainStream, training.BatchSize, length, recipe.Seed);
        _validator = new Validator(_model, _data, training.BatchSize, length);
        (double uniform, double unigram) = _data.Baselines();
        Header = new JsonObject { ["parameters"] = _model.ParameterCount, ["uniformLoss"] = uniform, ["unigramLoss"] = unigram };
        Summary = $"{_model.ParameterCount:N0} parameters, {_data.TrainTokens:N0} training tokens, vocabulary {_data.Tokenizer.VocabularySize:N0}; "
            + $"baselines on the validation text: uniform {uniform:F4}, unigram {unigram:F4} nats per token";
    }

    public TrainableModel Model => _model;

    public JsonObject Header { get; }

    public string Summary { get; }

    public IReadOnlyDictionary<string, Tensor> StateTensors { get; } = new Dictionary<string, Tensor>();

    public BatchLoss Accumulate()
    {
        using DisposeScope scope = NewDisposeScope();
        TokenBatch batch = _batches.Next();
        BatchTensors tensors = BatchTensors.From(batch, _model.Device);
        return new BatchLoss(_model.AccumulateGradients(tensors.Inputs, tensors.Targets, tensors.Positions, tensors.Documents), batch.SupervisedCount);
    }

    public JsonObject SaveState() => _batches.SaveState();

    public void RestoreState(JsonObject state) => _batches.RestoreState(state);

    public ValidationResult Validate(int step, int maximumBatches)
    {
        ValidationResult result = _validator.Loss(step, maximumBatches);
        return maximumBatches == 0 && _recipe.Task == TrainingTask.CausalLm
            ? result with { BitsPerByte = _validator.BitsPerByte(_data.Tokenizer) }
            : result;
    }

    public IEnumerable<TrainingSample> Samples(int step)
    {
        if (_recipe.Evaluation.Prompts.Count == 0 || _recipe.Evaluation.SampleTokens == 0)
            return [];
        using MemoryTensorSource weights = _model.CopyWeights();
        using DecoderGraph graph = DecoderGraph.Load(_model.Configuration, weights);
        return Sampling.Continue(graph, _data.Tokenizer, _recipe, step);
    }

    public void SaveModel(string folder)
    {
        _model.Save(folder);
        _data.Tokenizer.Save(folder);
    }

    public void Dispose()
    {
        _model.Dispose();
        _data.Dispose();
    }

    private static Models.Decoder MakeModel(Recipe recipe, TrainerOptions options, RunData data, Device device)
    {
        DecoderOptions choices = new()
        {
            ComputeType = recipe.Training.ComputeType == ComputeKind.BFloat16 ? ComputeType.BFloat16 : ComputeType.Float32,
            Device = device,
            Seed = recipe.Seed,
            ActivationCheckpointing = recipe.Training.ActivationCheckpointing,
        };
        if (recipe.Training.ActivationCheckpointing && device.type != DeviceType.CPU)
            throw new InvalidDataException($"training.activationCheckpointing is true; expected false on {device.type.ToString().ToLowerInvariant()}, because only the CPU's fused pass has it.");
        if (recipe.Model.InitializeFrom is not { } from)
            return new Models.Decoder(ModelShape.Of(recipe.Model, data.Tokenizer), choices);
        string folder = RecipePaths.Resolve(from, options.RecipeFolder);
        DecoderConfiguration configuration = DecoderConfiguration.Load(Path.Combine(folder, "config.json")) with { Dropout = recipe.Model.Dropout };
        Models.Decoder model = new(configuration, choices);
        using ITensorSource file = FolderWeights.Open(folder);
        model.Load(file);
        return model;
    }
}
