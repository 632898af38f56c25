using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>
/// Initial weights as GPT-2's (Radford et al. 2019, section 2.3): N(0, 0.02²), those that write into the residual stream divided by
/// the square root of their number (two for each block); biases 0, gains 1.
/// </summary>
internal static class DecoderInitialization
{
    private const double StandardDeviation = 0.02;

    public static ParameterKind KindOf(TensorDescription tensor) =>
        tensor.Shape.Count == 1 ? ParameterKind.Vector
        : tensor.Name.EndsWith("_embed.weight", StringComparison.Ordinal)
            || tensor.Name is "transformer.wte.weight" or "transformer.wpe.weight" or "model.embed_tokens.weight" or "lm_head.weight" ? ParameterKind.Embedding
        : ParameterKind.Matrix;

    public static void Initialize(DecoderConfiguration configuration, ParameterStore store, long seed)
    {
        using IDisposable detached = no_grad();
        // Drawn on the CPU whatever the device, so that a seed means the same weights everywhere.
        using Generator generator = new((ulong)seed, CPU);
        // GPT-1 has no scaled residual weights (Radford et al. 2018, section 4.1): its stream is normalised after every branch.
        double residual = configuration.PostNorm ? StandardDeviation : StandardDeviation / Math.Sqrt(2.0 * configuration.LayerCount);
        foreach (NamedParameter parameter in store.Parameters)
        {
            if (parameter.Kind == ParameterKind.Vector)
            {
                if (parameter.Name.EndsWith(".bias", StringComparison.Ordinal))
                    parameter.Value.zero_();
                else
                    parameter.Value.fill_(1);
                continue;
            }

            using Tensor drawn = empty(parameter.Value.shape, ScalarType.Float32, CPU);
            drawn.normal_(0, WritesIntoResidual(parameter.Name) ? residual : StandardDeviation, generator);
            parameter.Value.copy_(drawn);
        }
    }

    private static bool WritesIntoResidual(string name) =>
        name.EndsWith("c_proj.weight", StringComparison.Ordinal)
        || name.EndsWith("o_proj.weight", StringComparison.Ordinal)
        || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
}
