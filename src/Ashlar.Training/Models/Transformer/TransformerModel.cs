using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>
/// An encoder-decoder Transformer (Vaswani et al., "Attention Is All You Need", 2017) of the shape that a
/// <see cref="TransformerConfiguration"/> describes.
/// </summary>
public sealed class TransformerModel : TranslationModel
{
    private readonly TranslationModelOptions _options;
    private readonly TransformerNetwork _network;
    private FusedTransformer? _fused;

    /// <summary>A Transformer with initial weights drawn by the options' seed.</summary>
    /// <exception cref="InvalidDataException">The configuration's numbers don't fit together.</exception>
    public TransformerModel(TransformerConfiguration configuration, TranslationModelOptions? options = null)
    {
        configuration.Validate();
        TorchRuntime.Initialize();
        Configuration = configuration;
        _options = options ?? new TranslationModelOptions();
        Device = _options.Device ?? CPU;
        Store = new ParameterStore(TransformerParameters.Of(configuration), Device);
        TransformerParameters.Initialize(configuration, Store, _options.Seed);
        _network = new TransformerNetwork(configuration, Store, _options.ComputeType, Device);
    }

    /// <summary>The shape.</summary>
    public TransformerConfiguration Configuration { get; }

    /// <summary>The parameters and gradients as one buffer each.</summary>
    public ParameterStore Store { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NamedParameter> Parameters => Store.Parameters;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    public override TranslationFormat Format => Configuration.Format;

    /// <inheritdoc/>
    public override int TargetVocabularySize => Configuration.TargetVocabularySize;

    /// <inheritdoc/>
    public override JsonObject ConfigurationJson => Configuration.ToJson();

    /// <inheritdoc/>
    public override Tensor LossSum(ParallelBatch batch, double labelSmoothing = 0)
    {
        if (is_grad_enabled())
            _ = Store.Gradients;
        else if (FusedLoss(batch, labelSmoothing, withGradients: false) is { } fast)
            return tensor((float)fast);
        using DisposeScope scope = NewDisposeScope();
        return LossOf(_network.Logits(batch, Training), batch, labelSmoothing).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double AccumulateGradients(ParallelBatch batch, double labelSmoothing = 0) =>
        FusedLoss(batch, labelSmoothing, withGradients: true) ?? base.AccumulateGradients(batch, labelSmoothing);

    /// <inheritdoc/>
    public override Tensor Logits(ParallelBatch batch)
    {
        if (is_grad_enabled())
            _ = Store.Gradients;
        using DisposeScope scope = NewDisposeScope();
        return _network.Logits(batch, Training).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void ZeroGradients() => Store.ZeroGradients();

    /// <inheritdoc/>
    public override void Load(ITensorSource source) =>
        ModelCheckpoint.Load(
            source,
            StrictTensors.Match(
                source,
                TransformerTensors.Of(Configuration),
                _ => null,
                name => Configuration.TieProjection && name == "lm_head.weight",
                "Transformer"),
            Parameters);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _fused?.Dispose();
        _network.Dispose();
        Store.Dispose();
    }

    private double? FusedLoss(ParallelBatch batch, double labelSmoothing, bool withGradients)
    {
        if (Device.type != DeviceType.CPU || !_options.FusedPass)
            return null;
        _fused ??= new FusedTransformer(Configuration, Store, _options.ComputeType);
        return _fused.Loss(PackedBatch.Of(batch, Configuration, Training), labelSmoothing, withGradients);
    }
}
