using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models;

/// <summary>
/// A decoder-only Transformer (Radford et al. 2019; Touvron et al. 2023) of the shape a <see cref="DecoderConfiguration"/> describes.
/// </summary>
public sealed class Decoder : CausalLanguageModel
{
    private readonly DecoderOptions _options;
    private readonly ParameterStore _store;
    private readonly DecoderBlock[] _blocks;
    private readonly RotaryTable? _rotary;
    private readonly bool _gpt2;
    private FusedDecoder? _fused;

    /// <summary>A decoder with initial weights drawn by the options' seed.</summary>
    /// <exception cref="InvalidDataException">The configuration's numbers don't fit together.</exception>
    public Decoder(DecoderConfiguration configuration, DecoderOptions? options = null)
    {
        configuration.Validate();
        TorchRuntime.Initialize();
        Configuration = configuration;
        _options = options ?? new DecoderOptions();
        _gpt2 = configuration.LearnedPositions;
        Device = _options.Device ?? CPU;
        _store = new ParameterStore(
            DecoderTensors.Of(configuration).Select(tensor =>
                (tensor, DecoderInitialization.KindOf(tensor), _gpt2 && DecoderInitialization.KindOf(tensor) == ParameterKind.Matrix)),
            Device);
        DecoderInitialization.Initialize(configuration, _store, _options.Seed);
        _blocks = [.. Enumerable.Range(0, configuration.LayerCount).Select(layer => new DecoderBlock(configuration, _store, layer, _options.ComputeType))];
        _rotary = _gpt2 ? null : new RotaryTable(configuration, Device);
    }

    /// <summary>The shape.</summary>
    public DecoderConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NamedParameter> Parameters => _store.Parameters;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <summary>The parameters and gradients as one buffer each.</summary>
    public ParameterStore Store => _store;

    /// <inheritdoc/>
    public override Tensor LossSum(Tensor inputs, Tensor targets, Tensor? positions = null, Tensor? documents = null)
    {
        RequireShapes(inputs, targets, positions, documents);
        if (is_grad_enabled())
            _ = _store.Gradients;
        else if (FusedLoss(inputs, targets, positions, documents, withGradients: false) is { } fast)
            return tensor((float)fast);
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Head(Hidden(inputs, positions, documents));
        Tensor loss = functional.cross_entropy(
            logits.view(-1, Configuration.VocabularySize), targets.view(-1), ignore_index: IgnoredTarget, reduction: Reduction.Sum);
        return loss.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double AccumulateGradients(Tensor inputs, Tensor targets, Tensor? positions = null, Tensor? documents = null)
    {
        RequireShapes(inputs, targets, positions, documents);
        return FusedLoss(inputs, targets, positions, documents, withGradients: true)
            ?? base.AccumulateGradients(inputs, targets, positions, documents);
    }

    /// <inheritdoc/>
    public override Tensor Logits(Tensor inputs, Tensor? positions = null, Tensor? documents = null)
    {
        if (is_grad_enabled())
            _ = _store.Gradients;
        using DisposeScope scope = NewDisposeScope();
        return Head(Hidden(inputs, positions, documents)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void ZeroGradients() => _store.ZeroGradients();

    /// <inheritdoc/>
    public override void Save(string directory) => DecoderCheckpoint.Save(directory, Configuration, Parameters);

    /// <inheritdoc/>
    public override void Load(ITensorSource source) => DecoderCheckpoint.Load(source, Configuration, Parameters);

    internal static Tensor RootMeanSquareNorm(Tensor x, Tensor gain, double epsilon)
    {
        x = x.to(ScalarType.Float32);
        return x * rsqrt(x.square().mean([-1], keepdim: true) + epsilon) * gain;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _fused?.Dispose();
        _store.Dispose();
        _rotary?.Dispose();
    }

    // Token ids to the last norm's output, [rows, length, width] fp32.
    private Tensor Hidden(Tensor inputs, Tensor? positions, Tensor? documents)
    {
        RequireShapes(inputs, null, positions, documents);
        long length = inputs.shape[1];
        double dropout = Training ? Configuration.Dropout : 0;
        Tensor x = Rows(TokenEmbedding, inputs);
        Tensor? cosines = null, sines = null;
        if (_gpt2)
        {
            Tensor table = _store[DecoderTensors.PositionEmbedding(Configuration)].Value;
            x = x + (positions is null ? table.narrow(0, 0, length) : Rows(table, positions));
        }
        else
        {
            (cosines, sines) = _rotary!.At(positions, length);
        }

        if (dropout > 0)
            x = functional.dropout(x, dropout, training: true);
        AttentionContext context = new(Mask(documents, length), cosines, sines, dropout);
        foreach (DecoderBlock block in _blocks)
            x = block.Forward(x, context);
        if (Configuration.PostNorm)
            return x;
        return _gpt2
            ? functional.layer_norm(x, [Configuration.Width], _store["transformer.ln_f.weight"].Value, _store["transformer.ln_f.bias"].Value, Configuration.NormEpsilon)
            : RootMeanSquareNorm(x, _store["model.norm.weight"].Value, Configuration.NormEpsilon);
    }

    private static Tensor Rows(Tensor table, Tensor indices) =>
        table.index_select(0, indices.reshape(-1)).view(indices.shape[0], indices.shape[1], -1);

    private Tensor TokenEmbedding => _store[DecoderTensors.TokenEmbedding(Configuration)].Value;

    private Tensor Head(Tensor hidden)
    {
        Tensor weight = Configuration.TieEmbeddings ? TokenEmbedding : _store["lm_head.weight"].Value;
        if (_options.ComputeType == ComputeType.Float32)
            return functional.linear(hidden, weight);
        return functional.linear(hidden.to(ScalarType.BFloat16), weight.to(ScalarType.BFloat16)).to(ScalarType.Float32);
    }

    // Null where plain causal attention is meant, which has its own fast kernel.
    private static Tensor? Mask(Tensor? documents, long length)
    {
        if (documents is null)
            return null;
        Tensor causal = ones([length, length], ScalarType.Bool, documents.device).tril();
        return (documents.unsqueeze(2).eq(documents.unsqueeze(1)) & causal).unsqueeze(1);
    }

    // The fused pass needs the CPU, norms before the branches, and documents whose tokens stand together; null where that is not so.
    private unsafe double? FusedLoss(Tensor inputs, Tensor targets, Tensor? positions, Tensor? documents, bool withGradients)
    {
        if (Device.type != DeviceType.CPU || !_options.FusedPass || Configuration.PostNorm)
            return null;
        float dropout = Training ? (float)Configuration.Dropout : 0;
        if (FusedBatch.Create(inputs, positions, documents, Configuration.VocabularySize, Configuration.ContextLength, dropout) is not { } batch)
            return null;
        _fused ??= new FusedDecoder(Configuration, _store, _options.ComputeType, _options.ActivationCheckpointing);
        using Tensor plain = targets.contiguous();
        return _fused.Loss(batch, new ReadOnlySpan<long>(StableAbi.Data(plain), batch.TokenCount), withGradients);
    }

    private void RequireShapes(Tensor inputs, Tensor? targets, Tensor? positions, Tensor? documents)
    {
        if (inputs.dim() != 2 || inputs.shape[1] > Configuration.ContextLength)
            throw new ArgumentException($"Inputs are [{string.Join(", ", inputs.shape)}]; expected [rows, length] with a length of at most {Configuration.ContextLength}.", nameof(inputs));
        RequireShape(inputs, targets, nameof(targets));
        RequireShape(inputs, positions, nameof(positions));
        RequireShape(inputs, documents, nameof(documents));
    }

    private static void RequireShape(Tensor inputs, Tensor? other, string name)
    {
        if (other is not null && !other.shape.AsSpan().SequenceEqual(inputs.shape))
            throw new ArgumentException($"{name} are [{string.Join(", ", other.shape)}]; expected the inputs' shape [{string.Join(", ", inputs.shape)}].", name);
    }
}
