using System.Diagnostics;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Datasets.Batches;
using Ashlar.Shared;
using Ashlar.Tokenizers;
using Ashlar.Training.Checkpointing;
using Ashlar.Training.Models;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using Ashlar.Training.Recipes;
using Ashlar.Training.Schedules;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Loop;

/// <summary>
/// The one trainer. A run is its recipe: batches, loss, accumulation, clipping, optimizer step, schedule, average, validation,
/// samples, checkpoints. The run directory holds a Hugging Face checkpoint and the state for exact resume.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Recipe _recipe;
    private readonly TrainerOptions _options;
    private readonly RunData _data;
    private readonly Decoder _model;
    private readonly IOptimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly ExponentialMovingAverage? _average;
    private readonly IBatchSource _batches;
    private readonly Validator _validator;
    private readonly RunState _state;
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly double _uniform;
    private readonly double _unigram;
    private int _step;
    private double _best = double.PositiveInfinity;
    private int _stale;
    private TimeSpan _earlier;

    private Trainer(Recipe recipe, TrainerOptions options)
    {
        _recipe = recipe;
        _options = options;
        TorchRuntime.Initialize();
        Device device = TorchRuntime.Device(options.Device);
        _state = new RunState(options.OutputDirectory);
        if (options.Resume && !_state.Exists)
            throw new InvalidDataException($"{options.OutputDirectory}: nothing to resume from; run without --resume first.");
        if (options.Resume)
            CheckSameRecipe();
        _data = RunData.Prepare(recipe, options, options.Resume ? Tokenizer.Load(options.OutputDirectory) : null);
        (_uniform, _unigram) = _data.Baselines();
        torch.manual_seed(recipe.Seed);
        _model = MakeModel(device);
        _optimizer = OptimizerChoice.Optimizer(recipe.Optimizer, _model.Parameters);
        _schedule = OptimizerChoice.Schedule(recipe);
        _average = recipe.Training.Ema > 0 ? new ExponentialMovingAverage(_model.Parameters, recipe.Training.Ema) : null;
        _batches = MakeBatches();
        _validator = new Validator(_model, _data, recipe.Training.BatchSize, _model.Configuration.ContextLength);
        foreach (NamedParameter parameter in _model.Parameters)
            _tensors.Add($"model.{parameter.Name}", parameter.Value);
        foreach ((string name, Tensor tensor) in _optimizer.State)
            _tensors.Add($"optimizer.{name}", tensor);
        foreach ((string name, Tensor tensor) in _average?.State ?? new Dictionary<string, Tensor>())
            _tensors.Add($"ema.{name}", tensor);
        if (options.Resume)
            Restore();
    }

    /// <summary>Runs a recipe to its end, to an early stop or to a cancellation.</summary>
    /// <exception cref="InvalidDataException">The recipe, its files or the run to resume are wrong, or the loss is not a number.</exception>
    public static TrainingResult Run(Recipe recipe, TrainerOptions options)
    {
        using Trainer trainer = new(recipe, options);
        TrainingResult result = trainer.Run();
        Reporting.RunReport.Write(options.OutputDirectory);
        return result;
    }

    /// <summary>Frees the model and the optimizer.</summary>
    public void Dispose()
    {
        _average?.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
    }

    private TrainingResult Run()
    {
        Directory.CreateDirectory(_options.OutputDirectory);
        AtomicFile.WriteText(Path.Combine(_options.OutputDirectory, "recipe.json"), RecipeFile.Write(_recipe));
        _data.Tokenizer.Save(_options.OutputDirectory);
        using MetricsLog log = new(_options.OutputDirectory, _step);
        if (_step == 0)
            log.Add(Header());
        _options.Progress?.Note(
            $"{DecoderTensors.CountParameters(_model.Configuration):N0} parameters, {_data.Train.Sum(example => (long)example.Ids.Length):N0} training tokens, vocabulary {_data.Tokenizer.VocabularySize:N0}; "
            + $"baselines on the validation text: uniform {_uniform:F4}, unigram {_unigram:F4} nats per token");

        Stopwatch clock = Stopwatch.StartNew();
        Stopwatch computing = new();
        RunStatus status = RunStatus.Completed;
        int first = _step;
        long tokens = 0;
        int saved = _step;
        while (_step < _recipe.Training.Steps)
        {
            if (_options.Cancellation.IsCancellationRequested)
            {
                status = RunStatus.Interrupted;
                break;
            }

            computing.Start();
            (double loss, double norm, int count, double rate) = Step();
            computing.Stop();
            tokens += count;
            TimeSpan remaining = clock.Elapsed / (_step - first) * (_recipe.Training.Steps - _step);
            double speed = tokens / computing.Elapsed.TotalSeconds;
            _options.Progress?.Step(new TrainingStep(_step, _recipe.Training.Steps, loss, rate, norm, speed, remaining));
            log.Add(new JsonObject
            {
                ["step"] = _step,
                ["loss"] = loss,
                ["learningRate"] = rate,
                ["gradientNorm"] = norm,
                ["tokensPerSecond"] = Math.Round(speed, 1),
            });

            bool last = _step == _recipe.Training.Steps;
            if (!last && _step % _recipe.Evaluation.Every == 0 && Validate(log) is { } stopped && stopped)
            {
                status = RunStatus.StoppedEarly;
                break;
            }

            if (!last && _step % _recipe.Training.CheckpointEvery == 0)
            {
                Save(clock.Elapsed);
                saved = _step;
            }
        }

        if (saved != _step || _step == 0)
            Save(clock.Elapsed);
        return status == RunStatus.Interrupted ? Result(status, double.NaN, null, clock.Elapsed) : Finish(status, log, clock);
    }

    private (double Loss, double Norm, int Tokens, double Rate) Step()
    {
        using DisposeScope scope = NewDisposeScope();
        TokenBatch[] batches = [.. Enumerable.Range(0, _recipe.Training.GradientAccumulation).Select(_ => _batches.Next())];

        // Gradients are summed over tokens and divided by the tokens of the whole step, not of a batch: accumulation equals
        // the larger batch.
        int tokens = Math.Max(1, batches.Sum(batch => batch.SupervisedCount));
        _model.SetTraining(true);
        _model.ZeroGradients();
        double nats = 0;
        foreach (TokenBatch batch in batches)
        {
            using DisposeScope inner = NewDisposeScope();
            BatchTensors tensors = BatchTensors.From(batch, _model.Device);
            nats += _model.AccumulateGradients(tensors.Inputs, tensors.Targets, tensors.Positions, tensors.Documents);
        }

        double loss = nats / tokens;
        if (!double.IsFinite(loss))
            throw new InvalidDataException($"{_recipe.Name}: the loss is {loss} at step {_step + 1}; lower optimizer.learningRate or raise schedule.warmupSteps.");
        double norm = GradientNorm.Of(_model.Parameters) / tokens;
        double limit = _recipe.Training.GradientClip;
        double rate = _schedule.At(_step);
        _optimizer.Step(rate, (limit > 0 ? GradientNorm.ClippingFactor(norm, limit) : 1) / tokens);
        _average?.Update();
        _step++;
        return (loss, norm, tokens, rate);
    }

    // True when it is time to stop early.
    private bool Validate(MetricsLog log)
    {
        _average?.Exchange();
        ValidationResult result = _validator.Loss(_step, _recipe.Evaluation.MaximumBatches);
        log.Add(new JsonObject { ["step"] = _step, ["validationLoss"] = result.Loss });
        _options.Progress?.Validation(result);
        Sample(log);
        bool better = result.Loss < _best;
        if (better)
        {
            _best = result.Loss;
            _stale = 0;
            if (_recipe.Evaluation.EarlyStoppingPatience > 0)
                SaveModel(Path.Combine(_options.OutputDirectory, "best"));
        }
        else
        {
            _stale++;
        }

        _average?.Exchange();
        return _recipe.Evaluation.EarlyStoppingPatience > 0 && _stale >= _recipe.Evaluation.EarlyStoppingPatience;
    }

    private void Sample(MetricsLog log)
    {
        if (_recipe.Evaluation.Prompts.Count == 0 || _recipe.Evaluation.SampleTokens == 0)
            return;
        foreach (TrainingSample sample in Sampling.Continue(_model, _data.Tokenizer, _recipe, _step))
        {
            log.Add(new JsonObject { ["step"] = _step, ["prompt"] = sample.Prompt, ["sample"] = sample.Text });
            _options.Progress?.Sample(sample);
        }
    }

    private TrainingResult Finish(RunStatus status, MetricsLog log, Stopwatch clock)
    {
        _average?.Exchange();
        string best = Path.Combine(_options.OutputDirectory, "best", "model.safetensors");
        if (_recipe.Evaluation.EarlyStoppingPatience > 0 && File.Exists(best))
        {
            // With early stopping the model of the run is the best one, not the last.
            ValidationResult last = _validator.Loss(_step, _recipe.Evaluation.MaximumBatches);
            if (last.Loss > _best)
            {
                using SafetensorsFile file = SafetensorsFile.Open(best);
                _model.Load(file);
            }
        }

        ValidationResult result = _validator.Loss(_step, maximumBatches: 0);
        double? bitsPerByte = _recipe.Task == TrainingTask.CausalLm ? _validator.BitsPerByte(_data.Tokenizer) : null;
        _best = Math.Min(_best, result.Loss);
        log.Add(new JsonObject { ["step"] = _step, ["validationLoss"] = result.Loss, ["final"] = true, ["bitsPerByte"] = bitsPerByte, ["seconds"] = Math.Round((_earlier + clock.Elapsed).TotalSeconds, 1) });
        _options.Progress?.Validation(result);
        Sample(log);
        SaveModel(_options.OutputDirectory);
        return Result(status, result.Loss, bitsPerByte, clock.Elapsed);
    }

    private TrainingResult Result(RunStatus status, double loss, double? bitsPerByte, TimeSpan elapsed) =>
        new(_options.OutputDirectory, status, _step, loss, bitsPerByte, _best, _uniform, _unigram, DecoderTensors.CountParameters(_model.Configuration), _earlier + elapsed);

    private void Save(TimeSpan elapsed)
    {
        _state.Save(_step, _tensors, new JsonObject
        {
            ["step"] = _step,
            ["batches"] = _batches.SaveState(),
            ["best"] = double.IsFinite(_best) ? _best : null,
            ["stale"] = _stale,
            ["seconds"] = (_earlier + elapsed).TotalSeconds,
        });
        _average?.Exchange();
        SaveModel(_options.OutputDirectory);
        _average?.Exchange();
    }

    private void SaveModel(string folder)
    {
        Directory.CreateDirectory(folder);
        _model.Save(folder);
        _data.Tokenizer.Save(folder);
    }

    private void Restore()
    {
        JsonObject state = _state.Load(_tensors);
        _step = state["step"]!.GetValue<int>();
        _batches.RestoreState(state["batches"]!.AsObject());
        _best = state["best"]?.GetValue<double>() ?? double.PositiveInfinity;
        _stale = state["stale"]!.GetValue<int>();
        _earlier = TimeSpan.FromSeconds(state["seconds"]!.GetValue<double>());
        _options.Progress?.Note($"resuming after step {_step}");
    }

    private void CheckSameRecipe()
    {
        string path = Path.Combine(_options.OutputDirectory, "recipe.json");
        JsonObject before = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        JsonObject now = JsonNode.Parse(RecipeFile.Write(_recipe))!.AsObject();
        before["training"]!["steps"] = now["training"]!["steps"]!.DeepClone(); // a run may be made longer
        foreach ((string section, JsonNode? value) in now)
        {
            if (!JsonNode.DeepEquals(value, before[section]))
                throw new InvalidDataException($"{path}: {section} differs from the recipe given; a run is resumed with the recipe it began with (only training.steps may change).");
        }
    }

    private Decoder MakeModel(Device device)
    {
        DecoderOptions options = new()
        {
            ComputeType = _recipe.Training.ComputeType == ComputeKind.BFloat16 ? ComputeType.BFloat16 : ComputeType.Float32,
            Device = device,
            Seed = _recipe.Seed,
        };
        if (_recipe.Model.InitializeFrom is not { } from)
            return new Decoder(ModelShape.Of(_recipe.Model, _data.Tokenizer), options);
        string folder = RecipePaths.Resolve(from, _options.RecipeFolder);
        DecoderConfiguration configuration = DecoderConfiguration.Load(Path.Combine(folder, "config.json")) with { Dropout = _recipe.Model.Dropout };
        Decoder model = new(configuration, options);
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        model.Load(file);
        return model;
    }

    private IBatchSource MakeBatches()
    {
        TrainingRecipe training = _recipe.Training;
        int length = _model.Configuration.ContextLength;
        return _recipe.Data.Batching == Batching.Packed || _recipe.Task == TrainingTask.Sft
            ? new PackedRows(_data.Train, training.BatchSize, length, _recipe.Seed)
            : new RandomCrops([.. _data.Train.SelectMany(example => example.Ids)], training.BatchSize, length, _recipe.Seed);
    }

    private JsonObject Header() => new()
    {
        ["step"] = 0,
        ["uniformLoss"] = _uniform,
        ["unigramLoss"] = _unigram,
        ["parameters"] = DecoderTensors.CountParameters(_model.Configuration),
        ["processors"] = Environment.ProcessorCount,
        ["threads"] = TorchRuntime.Threads,
        ["system"] = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
        ["runtime"] = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription,
    };
}
