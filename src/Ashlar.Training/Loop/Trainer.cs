using System.Diagnostics;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Shared;
using Ashlar.Training.Checkpointing;
using Ashlar.Training.Models;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using Ashlar.Training.Recipes;
using Ashlar.Training.Schedules;
using Ashlar.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Loop;

/// <summary>
/// The one trainer. A run is its recipe: batches, loss, accumulation, clipping, optimizer step, schedule, average, validation,
/// samples, checkpoints. What a batch is and how it becomes a loss is the task's business (<see cref="ITask"/>). The run directory
/// holds a checkpoint that inference reads and the state for exact resume.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Recipe _recipe;
    private readonly TrainerOptions _options;
    private readonly ITask _task;
    private readonly IOptimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly ExponentialMovingAverage? _average;
    private readonly CheckpointAverage? _checkpoints;
    private readonly RunState _state;
    private readonly Dictionary<string, Tensor> _tensors = [];
    private int _step;
    private double _best = double.PositiveInfinity;
    private int _stale;
    private double _rateFactor = 1; // of a plateau schedule
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
        torch.manual_seed(recipe.Seed);
        _task = TaskChoice.Create(recipe, options, device);
        IReadOnlyList<NamedParameter> parameters = _task.Model.Parameters;
        _optimizer = OptimizerChoice.Optimizer(recipe.Optimizer, parameters);
        _schedule = OptimizerChoice.Schedule(recipe);
        _average = recipe.Training.Ema > 0 ? new ExponentialMovingAverage(parameters, recipe.Training.Ema) : null;
        if (recipe.Training.AverageCheckpoints > 1)
            _checkpoints = new CheckpointAverage(options.OutputDirectory, recipe.Training.AverageCheckpoints, parameters);
        foreach (NamedParameter parameter in parameters)
            _tensors.Add($"model.{parameter.Name}", parameter.Value);
        foreach ((string name, Tensor tensor) in _optimizer.State)
            _tensors.Add($"optimizer.{name}", tensor);
        foreach ((string name, Tensor tensor) in _average?.State ?? new Dictionary<string, Tensor>())
            _tensors.Add($"ema.{name}", tensor);
        foreach ((string name, Tensor tensor) in _task.StateTensors)
            _tensors.Add($"task.{name}", tensor);
        if (options.Resume)
            Restore();
        _checkpoints?.ForgetAfter(_step);
    }

    /// <summary>Runs a recipe to its end, to an early stop or to a cancellation.</summary>
    /// <exception cref="InvalidDataException">The recipe, its files or the run to resume are wrong, or the loss is not a number.</exception>
    public static TrainingResult Run(Recipe recipe, TrainerOptions options)
    {
        if (recipe.Task == TrainingTask.NGram)
            return NGrams.NGramRun.Run(recipe, options); // counted, not stepped
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
        _task.Dispose();
    }

    private TrainingResult Run()
    {
        Directory.CreateDirectory(_options.OutputDirectory);
        AtomicFile.RemoveLeftovers(_options.OutputDirectory);
        AtomicFile.WriteText(Path.Combine(_options.OutputDirectory, "recipe.json"), RecipeFile.Write(_recipe));
        if (_step == 0)
            SaveModel(_options.OutputDirectory); // a run that is killed early still has the tokenizer that its state belongs to
        using MetricsLog log = new(_options.OutputDirectory, _step);
        if (_step == 0)
            log.Add(Header());
        _options.Progress?.Note(_task.Summary);

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
            if (!last && _step % _recipe.Evaluation.Every == 0 && Validate(log))
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
        return status == RunStatus.Interrupted
            ? Result(status, new ValidationResult(_step, double.NaN, 0), clock.Elapsed)
            : Finish(status, log, clock);
    }

    private (double Loss, double Norm, int Tokens, double Rate) Step()
    {
        using DisposeScope scope = NewDisposeScope();
        _task.Model.SetTraining(true);
        _task.Model.ZeroGradients();
        double nats = 0;
        int tokens = 0;
        for (int pass = 0; pass < _recipe.Training.GradientAccumulation; pass++)
        {
            BatchLoss batch = _task.Accumulate();
            nats += batch.Nats;
            tokens += batch.Targets;
        }

        // Gradients are summed over targets and divided by the targets of the whole step, not of a batch: accumulation equals
        // the larger batch.
        tokens = Math.Max(1, tokens);
        double loss = nats / tokens;
        if (!double.IsFinite(loss))
            throw new InvalidDataException($"{_recipe.Name}: the loss is {loss} at step {_step + 1}; lower optimizer.learningRate or raise schedule.warmupSteps.");
        double norm = GradientNorm.Of(_task.Model.Parameters) / tokens;
        double limit = _recipe.Training.GradientClip;
        double rate = _schedule.At(_step) * _rateFactor;
        _optimizer.Step(rate, (limit > 0 ? GradientNorm.ClippingFactor(norm, limit) : 1) / tokens);
        _average?.Update();
        _step++;
        return (loss, norm, tokens, rate);
    }

    // True when it is time to stop early.
    private bool Validate(MetricsLog log)
    {
        _average?.Exchange();
        ValidationResult result = _task.Validate(_step, _recipe.Evaluation.MaximumBatches);
        log.Add(Line(result));
        _options.Progress?.Validation(result);
        Sample(log);
        _checkpoints?.Keep(_step);
        if (result.Criterion < _best)
        {
            _best = result.Criterion;
            _stale = 0;
            if (KeepsBest)
                SaveModel(BestFolder);
        }
        else
        {
            _stale++;
            if (_recipe.Schedule.Kind == ScheduleKind.Plateau && _stale % (_recipe.Schedule.PlateauPatience + 1) == 0)
                _rateFactor *= _recipe.Schedule.PlateauFactor;
        }

        _average?.Exchange();
        return _recipe.Evaluation.EarlyStoppingPatience > 0 && _stale >= _recipe.Evaluation.EarlyStoppingPatience;
    }

    private bool KeepsBest => _recipe.Evaluation.EarlyStoppingPatience > 0 || _recipe.Schedule.Kind == ScheduleKind.Plateau;

    private string BestFolder => Path.Combine(_options.OutputDirectory, "best");

    private void Sample(MetricsLog log)
    {
        foreach (TrainingSample sample in _task.Samples(_step))
        {
            log.Add(new JsonObject { ["step"] = _step, ["prompt"] = sample.Prompt, ["sample"] = sample.Text });
            _options.Progress?.Sample(sample);
        }
    }

    private TrainingResult Finish(RunStatus status, MetricsLog log, Stopwatch clock)
    {
        _average?.Exchange();
        if (_checkpoints is not null)
        {
            _checkpoints.Keep(_step);
            _options.Progress?.Note($"the weights are the mean of the last {_checkpoints.Kept} validations'");
            _checkpoints.Apply();
        }

        string best = Path.Combine(BestFolder, "model.safetensors");
        if (KeepsBest && File.Exists(best) && _task.Validate(_step, _recipe.Evaluation.MaximumBatches).Criterion > _best)
        {
            // The model of the run is the best one, not the last.
            using SafetensorsFile file = SafetensorsFile.Open(best);
            _task.Model.Load(file);
        }

        // Before the last validation, which is the longest: whatever becomes of it, the run's weights are there.
        SaveModel(_options.OutputDirectory);
        ValidationResult result = _task.Validate(_step, maximumBatches: 0);
        _best = Math.Min(_best, result.Criterion);
        JsonObject line = Line(result);
        line["final"] = true;
        line["seconds"] = Math.Round((_earlier + clock.Elapsed).TotalSeconds, 1);
        log.Add(line);
        _options.Progress?.Validation(result);
        Sample(log);
        return Result(status, result, clock.Elapsed);
    }

    private static JsonObject Line(ValidationResult result)
    {
        JsonObject line = new() { ["step"] = result.Step, ["validationLoss"] = result.Loss };
        if (result.BitsPerByte is { } bits)
            line["bitsPerByte"] = bits;
        foreach ((string name, double score) in result.Scores)
            line[name] = score;
        if (result.BleuSignature is { } signature)
            line["bleuSignature"] = signature;
        return line;
    }

    private TrainingResult Result(RunStatus status, ValidationResult result, TimeSpan elapsed) =>
        new(
            _options.OutputDirectory, status, _step, result.Loss, result.BitsPerByte, _best,
            Baseline("uniformLoss"), Baseline("unigramLoss"), _task.Model.ParameterCount, _earlier + elapsed)
        {
            Scores = result.Scores,
        };

    private double Baseline(string name) => _task.Header[name]?.GetValue<double>() ?? double.NaN;

    private void Save(TimeSpan elapsed)
    {
        _state.Save(_step, _tensors, new JsonObject
        {
            ["step"] = _step,
            ["batches"] = _task.SaveState(),
            ["best"] = double.IsFinite(_best) ? _best : null,
            ["stale"] = _stale,
            ["rateFactor"] = _rateFactor,
            ["seconds"] = (_earlier + elapsed).TotalSeconds,
        });
        _average?.Exchange();
        SaveModel(_options.OutputDirectory);
        _average?.Exchange();
    }

    private void SaveModel(string folder)
    {
        Directory.CreateDirectory(folder);
        _task.SaveModel(folder);
    }

    private void Restore()
    {
        JsonObject state = _state.Load(_tensors);
        _step = state["step"]!.GetValue<int>();
        _task.RestoreState(state["batches"]!.AsObject());
        _best = state["best"]?.GetValue<double>() ?? double.PositiveInfinity;
        _stale = state["stale"]!.GetValue<int>();
        _rateFactor = state["rateFactor"]!.GetValue<double>();
        _earlier = TimeSpan.FromSeconds(state["seconds"]!.GetValue<double>());
        _options.Progress?.Note($"resuming after step {_step}");
    }

    private void CheckSameRecipe()
    {
        string path = Path.Combine(_options.OutputDirectory, "recipe.json");
        // Read and written again, so that a key which the run's own Ashlar did not have yet stands at its default.
        JsonObject before = JsonNode.Parse(RecipeFile.Write(RecipeFile.Load(path)))!.AsObject();
        JsonObject now = JsonNode.Parse(RecipeFile.Write(_recipe))!.AsObject();
        before["training"]!["steps"] = now["training"]!["steps"]!.DeepClone(); // a run may be made longer
        foreach ((string section, JsonNode? value) in now)
        {
            if (!JsonNode.DeepEquals(value, before[section]))
                throw new InvalidDataException($"{path}: {section} differs from the recipe given; a run is resumed with the recipe it began with (only training.steps may change).");
        }
    }

    private JsonObject Header()
    {
        JsonObject header = _task.Header.DeepClone().AsObject();
        header["step"] = 0;
        header["processors"] = Environment.ProcessorCount;
        header["threads"] = TorchRuntime.Threads;
        header["system"] = System.Runtime.InteropServices.RuntimeInformation.OSDescription;
        header["runtime"] = System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription;
        return header;
    }
}
