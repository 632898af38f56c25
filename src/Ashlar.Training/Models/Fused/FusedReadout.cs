using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// The projection to the vocabulary and the loss behind a network that differentiates itself: <see cref="FusedHead"/> gives the
/// gradient of what the network puts out, and automatic differentiation takes it from there. Padding is never projected.
/// </summary>
internal sealed class FusedReadout : IDisposable
{
    private readonly ParameterStore _store;
    private readonly Tensor _products; // the projection's part of the parameters alone is kept up to date
    private readonly string[] _names;
    private readonly FusedHead _head;
    private readonly Activation _hidden = new(ScalarType.Float32);
    private readonly Activation _gradient = new(ScalarType.Float32);

    public FusedReadout(ParameterStore store, string weight, string bias, int vocabularySize, ComputeType computeType)
    {
        (_store, _names) = (store, [weight, bias]);
        ScalarType type = computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        _products = type == ScalarType.Float32 ? store.Values : empty([store.Count], type, CPU).DetachFromDisposeScope();
        _head = new FusedHead(store, _products, null, weight, (int)store[weight].Value.shape[1], vocabularySize, bias);
    }

    /// <summary>The sum of the losses in nats.</summary>
    /// <param name="readouts">[.., width].</param>
    /// <param name="targets">One for each; negative ones are not supervised.</param>
    /// <param name="labelSmoothing">See <see cref="TranslationModel.LossSum"/>.</param>
    public double Loss(Tensor readouts, ReadOnlySpan<long> targets, double labelSmoothing)
    {
        using IDisposable detached = no_grad();
        return Loss(readouts, targets, labelSmoothing, null);
    }

    /// <summary>The same, its gradients added to those of all parameters.</summary>
    public double Propagate(Tensor readouts, ReadOnlySpan<long> targets, double labelSmoothing)
    {
        double loss;
        using (no_grad())
            loss = Loss(readouts, targets, labelSmoothing, _gradient.Resize(targets.Length, (int)readouts.shape[^1]));
        readouts.backward([_gradient.Tensor.view(readouts.shape)]);
        return loss;
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_products, _store.Values))
            _products.Dispose();
        _head.Dispose();
        _hidden.Dispose();
        _gradient.Dispose();
    }

    private double Loss(Tensor readouts, ReadOnlySpan<long> targets, double labelSmoothing, Activation? gradient)
    {
        if (!ReferenceEquals(_products, _store.Values))
        {
            foreach (string name in _names)
                _products.narrow(0, _store.Offset(name), _store[name].Value.numel()).copy_(_store[name].Value.view(-1));
        }

        int width = (int)readouts.shape[^1];
        _hidden.Resize(targets.Length, width).Tensor.copy_(readouts.reshape(-1, width));
        _head.LabelSmoothing = (float)labelSmoothing;
        return _head.Loss(_hidden, targets, gradient);
    }
}
