using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// A recurrent encoder-decoder (Sutskever et al. 2014; Cho et al. 2014), with attention (Bahdanau et al. 2015; Luong et al. 2015; Wu
/// et al. 2016) or without, of the shape that a <see cref="RecurrentTranslationConfiguration"/> describes. Products are fp32.
/// </summary>
public sealed class RecurrentTranslationModel : TranslationModel
{
    private readonly RecurrentEncoder _encoder;
    private readonly RecurrentTranslationDecoder _decoder;

    /// <summary>A model with initial weights drawn by the options' seed.</summary>
    /// <exception cref="InvalidDataException">The configuration's choices don't go together.</exception>
    public RecurrentTranslationModel(RecurrentTranslationConfiguration configuration, TranslationModelOptions? options = null)
    {
        configuration.Validate();
        TorchRuntime.Initialize();
        Configuration = configuration;
        Device = options?.Device ?? CPU;
        Store = new ParameterStore(
            RecurrentTranslationTensors.Of(configuration).Select(tensor => (tensor, RecurrentTranslationInitialization.KindOf(tensor), false)), Device);
        RecurrentTranslationInitialization.Initialize(configuration, Store, options?.Seed ?? 1);
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
        return LossOf(Forward(batch), batch, labelSmoothing).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Logits(ParallelBatch batch)
    {
        using DisposeScope scope = NewDisposeScope();
        return Forward(batch).MoveToOuterDisposeScope();
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
    protected override void Dispose(bool disposing) => Store.Dispose();

    private Tensor Forward(ParallelBatch batch)
    {
        if (is_grad_enabled())
            _ = Store.Gradients;
        if (Configuration.MaximumLength is { } longest && Math.Max(batch.SourceLength, batch.TargetLength) > longest)
            throw new ArgumentException($"A sentence has {Math.Max(batch.SourceLength, batch.TargetLength)} tokens; the model's longest is {longest}.");
        return _decoder.Logits(batch, _encoder.Encode(batch, Training), Training, Training ? SamplingProbability : 0);
    }
}
