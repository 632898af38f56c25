using Ashlar.Training.Models;
using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>The global norm of a step's gradients, and clipping by it (Pascanu et al. 2013, section 3.2).</summary>
public static class GradientNorm
{
    /// <summary>The Euclidean norm of all gradients taken as one vector.</summary>
    public static double Of(IReadOnlyList<NamedParameter> parameters)
    {
        using IDisposable detached = no_grad();
        using TorchSharp.DisposeScope scope = NewDisposeScope();
        Tensor[] norms = [.. parameters.Select(parameter => parameter.Gradient).OfType<Tensor>().Select(gradient => gradient.norm())];
        return norms.Length == 0 ? 0 : stack(norms).norm().item<float>();
    }

    /// <summary>What gradients of this norm are to be multiplied by so that their norm is at most the limit.</summary>
    public static double ClippingFactor(double norm, double limit) => norm > limit ? limit / norm : 1;
}
