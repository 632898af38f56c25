using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// A recurrent encoder-decoder (Sutskever et al. 2014; Cho et al. 2014), with attention (Bahdanau et al. 2015; Luong et al. 2015; Wu
/// et al. 2016) or without, of the shape that a <see cref="RecurrentTranslationConfiguration"/> describes. On the
/// CPU the projection to the vocabulary and the loss are a fused pass; the matrix products have the options' precision.
/// </summary>
public sealed class RecurrentTranslationModel : TranslationModel
{
    private readonly RecurrentEncoder _encoder;
    private readonly RecurrentTranslationDecoder _decoder;
    private readonly TranslationModelOptions _options;
    private FusedReadout? _fused;

    /// <summary>A model with initial weights drawn by the options' seed.</summary>
    /// <exception cref="InvalidDataException">The configuration's choices don't go together.</exception>
    public RecurrentTranslationModel(RecurrentTranslationConfiguration configuration, TranslationModelOptions? options = null)
    {
        configuration.Validate();
        TorchRuntime.Initialize();
        Configuration = configuration;
        _options = options ?? new TranslationModelOptions();
        Device = _options.Device ?? CPU;
        Store = new ParameterStore(
            RecurrentTranslationTensors.Of(configuration).Select(tensor => (tensor, RecurrentTranslationInitialization.KindOf(tensor), false)), Device);
        RecurrentTranslationInitialization.Initialize(configuration, Store, _options.Seed, _options.EmbeddingDeviation);
        _encoder = new RecurrentEncoder(configuration, Store, Device);
        _decoder = new RecurrentTranslationDecoder(configuration, Store, Device);
    }

    /// <summary>The shape.</summary>
    public RecurrentTranslationConfiguration Configuration { get; }

    /// <summary>
    /// Probability that a step of training reads the model's own best guess instead of the target (scheduled sampling, Bengio et al.
    /// 2015); 0 is teacher forcing.
    /// </summary>
    public double SamplingProbability { get; set; }

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
        using DisposeScope scope = NewDisposeScope();
        Tensor readouts = Readouts(batch);
        if (!is_grad_enabled() && Fused() is { } fused)
            return tensor((float)fused.Loss(readouts, batch.Targets, labelSmoothing)).MoveToOuterDisposeScope();
        return LossOf(_decoder.Project(readouts), batch, labelSmoothing).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double AccumulateGradients(ParallelBatch batch, double labelSmoothing = 0)
    {
        if (Fused() is not { } fused)
            return base.AccumulateGradients(batch, labelSmoothing);
        using DisposeScope scope = NewDisposeScope();
        return fused.Propagate(Readouts(batch), batch.Targets, labelSmoothing);
    }

    /// <inheritdoc/>
    public override Tensor Logits(ParallelBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        return _decoder.Project(Readouts(batch)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void ZeroGradients() => Store.ZeroGradients();

    /// <inheritdoc/>
    public override void Load(ITensorSource source) =>
        ModelCheckpoint.Load(
            source,
            StrictTensors.Match(
                source,
                RecurrentTranslationTensors.Of(Configuration),
                _ => null,
                name => Configuration.TieProjection && name == "decoder.projection.weight",
                "recurrent translation model"),
            Parameters);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _fused?.Dispose();
        Store.Dispose();
    }

    private FusedReadout? Fused() => Device.type != DeviceType.CPU || !_options.FusedPass
        ? null
        : _fused ??= new FusedReadout(
            Store, RecurrentTranslationTensors.Projection(Configuration), "decoder.projection.bias", Configuration.TargetVocabularySize, _options.ComputeType);

    private Tensor Readouts(ParallelBatch batch)
    {
        if (is_grad_enabled())
            _ = Store.Gradients;
        if (Configuration.MaximumLength is { } longest && Math.Max(batch.SourceLength, batch.TargetLength) > longest)
            throw new ArgumentException($"A sentence has {Math.Max(batch.SourceLength, batch.TargetLength)} tokens; the model's longest is {longest}.");
        PassProducts products = new(_options.ComputeType);
        return _decoder.Readouts(batch, _encoder.Encode(batch, products, Training), products, Training, Training ? SamplingProbability : 0);
    }
}
