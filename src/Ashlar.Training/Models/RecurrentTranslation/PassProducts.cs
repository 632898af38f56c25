using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// The matrix products of one pass. In bfloat16 a weight is rounded once a pass, its gradients of all steps are summed before they
/// become fp32 again, and states, biases and what the gates compute stay fp32 (mixed precision, Micikevicius et al. 2018, section 3).
/// </summary>
internal sealed class PassProducts(ComputeType computeType)
{
    // By reference: tensors compare elements.
    private readonly Dictionary<Tensor, Tensor> _rounded = new(ReferenceEqualityComparer.Instance);

    /// <summary>x Wᵀ + b, fp32, [.., out].</summary>
    /// <param name="x">[.., in].</param>
    /// <param name="weight">W, fp32, [out, in].</param>
    /// <param name="bias">b, [out].</param>
    public Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null)
    {
        if (computeType != ComputeType.BFloat16)
            return functional.linear(x, weight, bias!);
        if (!_rounded.TryGetValue(weight, out Tensor? rounded))
            _rounded.Add(weight, rounded = weight.to(ScalarType.BFloat16));
        Tensor product = functional.linear(x.to(ScalarType.BFloat16), rounded).to(ScalarType.Float32);
        return bias is null ? product : product + bias;
    }
}
