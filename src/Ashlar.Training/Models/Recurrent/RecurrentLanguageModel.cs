using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// A recurrent language model (Mikolov et al. 2010; Zaremba et al. 2014): embedding, recurrent layers, projection to the vocabulary,
/// of the shape a <see cref="RecurrentConfiguration"/> describes. Equations and gate order are those of PyTorch's <c>nn.RNN</c>,
/// <c>nn.LSTM</c> and <c>nn.GRU</c>. A token whose position is 0 finds the state set to zero.
/// </summary>
public sealed class RecurrentLanguageModel : CausalLanguageModel
{
    private readonly RecurrentOptions _options;
    private readonly ParameterStore _store;
    private FusedRecurrent? _fused;

    /// <summary>A model with initial weights drawn by the options' seed.</summary>
    /// <exception cref="InvalidDataException">The configuration's numbers don't fit together.</exception>
    public RecurrentLanguageModel(RecurrentConfiguration configuration, RecurrentOptions? options = null)
    {
        configuration.Validate();
        TorchRuntime.Initialize();
        Configuration = configuration;
        _options = options ?? new RecurrentOptions();
        Device = _options.Device ?? CPU;
        _store = new ParameterStore(
            RecurrentTensors.Of(configuration).Select(tensor => (tensor, RecurrentInitialization.KindOf(tensor), false)),
            Device,
            tensor => RecurrentInitialization.KindOf(tensor) == ParameterKind.Matrix ? configuration.Cell.GateCount() : 1);
        RecurrentInitialization.Initialize(configuration, _store, _options.Seed);
    }

    /// <summary>The shape.</summary>
    public RecurrentConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NamedParameter> Parameters => _store.Parameters;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <summary>The parameters and gradients as one buffer each.</summary>
    public ParameterStore Store => _store;

    /// <summary>The state before the first token of so many rows.</summary>
    public RecurrentState NewState(int rows) =>
        new(Configuration.LayerCount, rows, Configuration.HiddenWidth, Configuration.Cell == RecurrentCell.Lstm, Device);

    /// <inheritdoc/>
    public override Tensor LossSum(Tensor inputs, Tensor targets, Tensor? positions = null, Tensor? documents = null)
    {
        using RecurrentState state = NewState((int)inputs.shape[0]);
        return LossSum(state, inputs, targets, positions);
    }

    /// <summary><see cref="LossSum(Tensor, Tensor, Tensor, Tensor)"/> from a state, which goes on to that after the last token.</summary>
    /// <param name="state">Carried.</param>
    /// <param name="inputs">Token ids, [rows, length].</param>
    /// <param name="targets">The token that follows each input, or <see cref="TrainableModel.IgnoredTarget"/>; [rows, length].</param>
    /// <param name="positions">Where it is 0 the state is set to zero first; null where it never is. [rows, length].</param>
    public Tensor LossSum(RecurrentState state, Tensor inputs, Tensor targets, Tensor? positions = null)
    {
        RequireShapes(state, inputs, targets, positions);
        if (is_grad_enabled())
            _ = _store.Gradients;
        else if (FusedLoss(state, inputs, targets, positions, withGradients: false) is { } fast)
            return tensor((float)fast);
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = LogitsByTime(state, inputs, positions);
        Tensor loss = functional.cross_entropy(
            logits.view(-1, Configuration.VocabularySize), targets.t().reshape(-1), ignore_index: IgnoredTarget, reduction: Reduction.Sum);
        return loss.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double AccumulateGradients(Tensor inputs, Tensor targets, Tensor? positions = null, Tensor? documents = null)
    {
        using RecurrentState state = NewState((int)inputs.shape[0]);
        return AccumulateGradients(state, inputs, targets, positions);
    }

    /// <summary>
    /// <see cref="AccumulateGradients(Tensor, Tensor, Tensor, Tensor)"/> from a state, which goes on to that after the last token; no
    /// gradient passes into what made the state.
    /// </summary>
    /// <inheritdoc cref="LossSum(RecurrentState, Tensor, Tensor, Tensor)" path="/param"/>
    public double AccumulateGradients(RecurrentState state, Tensor inputs, Tensor targets, Tensor? positions = null)
    {
        RequireShapes(state, inputs, targets, positions);
        if (FusedLoss(state, inputs, targets, positions, withGradients: true) is { } fast)
            return fast;
        using Tensor loss = LossSum(state, inputs, targets, positions);
        loss.backward();
        return loss.item<float>();
    }

    /// <inheritdoc/>
    public override Tensor Logits(Tensor inputs, Tensor? positions = null, Tensor? documents = null)
    {
        using RecurrentState state = NewState((int)inputs.shape[0]);
        return Logits(state, inputs, positions);
    }

    /// <summary>Unnormalised log-probabilities from a state, which goes on to that after the last token; [rows, length, vocabulary].</summary>
    /// <inheritdoc cref="LossSum(RecurrentState, Tensor, Tensor, Tensor)" path="/param"/>
    public Tensor Logits(RecurrentState state, Tensor inputs, Tensor? positions = null)
    {
        RequireShapes(state, inputs, null, positions);
        if (is_grad_enabled())
            _ = _store.Gradients;
        using DisposeScope scope = NewDisposeScope();
        return LogitsByTime(state, inputs, positions).transpose(0, 1).contiguous().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void ZeroGradients() => _store.ZeroGradients();

    /// <inheritdoc/>
    public override void Save(string directory) => ModelCheckpoint.Save(directory, Configuration.ToJson(), Parameters);

    /// <inheritdoc/>
    public override void Load(ITensorSource source) => ModelCheckpoint.Load(source, StrictTensors.Match(source, Configuration), Parameters);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _fused?.Dispose();
        _store.Dispose();
    }

    // [length, rows, vocabulary].
    private Tensor LogitsByTime(RecurrentState state, Tensor inputs, Tensor? positions)
    {
        RecurrentDropout dropout = NewDropout((int)inputs.shape[0]);
        Tensor output = new RecurrentLayers(Configuration, _store, dropout).Forward(state, inputs, positions);
        Tensor weight = _store[Configuration.TieEmbeddings ? "encoder.weight" : "decoder.weight"].Value;
        return functional.linear(output, weight, Configuration.ProjectionBias ? _store["decoder.bias"].Value : null);
    }

    private double? FusedLoss(RecurrentState state, Tensor inputs, Tensor targets, Tensor? positions, bool withGradients)
    {
        if (Device.type != DeviceType.CPU || !_options.FusedPass)
            return null;
        RecurrentBatch batch = RecurrentBatch.Create(inputs, targets, positions, Configuration.VocabularySize);
        RecurrentDropout dropout = NewDropout(batch.Rows);
        _fused ??= new FusedRecurrent(Configuration, _store, _options.ComputeType);
        return _fused.Loss(batch, dropout, state, withGradients);
    }

    // The seed comes from torch's generator, so that saving that generator's state makes dropout resume exactly.
    private RecurrentDropout NewDropout(int rows)
    {
        RecurrentConfiguration c = Configuration;
        bool any = Training && c.InputDropout + c.LayerDropout + c.OutputDropout + c.EmbeddingDropout + c.WeightDrop > 0;
        if (!any)
            return new RecurrentDropout(c, rows, 0, training: false);
        using Tensor drawn = randint(int.MaxValue, [1]);
        return new RecurrentDropout(c, rows, (uint)drawn.item<long>(), training: true);
    }

    private void RequireShapes(RecurrentState state, Tensor inputs, Tensor? targets, Tensor? positions)
    {
        if (inputs.dim() != 2 || inputs.shape[1] < 1 || inputs.shape[0] != state.Rows)
            throw new ArgumentException($"Inputs are [{string.Join(", ", inputs.shape)}]; expected [rows, length] with the state's {state.Rows} rows.", nameof(inputs));
        RequireShape(inputs, targets, nameof(targets));
        RequireShape(inputs, positions, nameof(positions));
    }

    private static void RequireShape(Tensor inputs, Tensor? other, string name)
    {
        if (other is not null && !other.shape.AsSpan().SequenceEqual(inputs.shape))
            throw new ArgumentException($"{name} are [{string.Join(", ", other.shape)}]; expected the inputs' shape [{string.Join(", ", inputs.shape)}].", name);
    }
}
