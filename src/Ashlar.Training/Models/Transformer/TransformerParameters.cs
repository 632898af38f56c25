using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>The order of a Transformer's parameters in memory, their kinds and their initial values.</summary>
internal static class TransformerParameters
{
    /// <summary>
    /// The checkpoint's tensors in an order in which matrices that multiply the same input lie side by side, so that they are one
    /// matrix to the fused pass: key, value and query of a self-attention, gate and inner layer, and the keys and values of all
    /// cross-attentions, which all read the encoder's output.
    /// </summary>
    public static IEnumerable<(TensorDescription Tensor, ParameterKind Kind, bool InputsFirst)> Of(TransformerConfiguration configuration) =>
        TransformerTensors.Of(configuration)
            .GroupBy(tensor => Group(tensor.Name))
            .SelectMany(group => group.OrderBy(tensor => tensor.Name.EndsWith(".bias", StringComparison.Ordinal)))
            .Select(tensor => (tensor, KindOf(tensor), false));

    /// <summary>
    /// Draws initial values: embeddings N(0, 1/width), so that they have length 1 after the scaling by sqrt(width) of section 3.4;
    /// matrices uniform (Glorot and Bengio 2010, equation 16), those of query, key and value for the three as one matrix, as fairseq;
    /// biases 0, gains 1.
    /// </summary>
    public static void Initialize(TransformerConfiguration configuration, ParameterStore store, long seed)
    {
        using IDisposable detached = no_grad();
        // Drawn on the CPU whatever the device, so that a seed means the same weights everywhere.
        using Generator generator = new((ulong)seed, CPU);
        foreach (NamedParameter parameter in store.Parameters)
        {
            if (parameter.Kind == ParameterKind.Vector)
            {
                if (parameter.Name.EndsWith("norm.weight", StringComparison.Ordinal))
                    parameter.Value.fill_(1);
                else
                    parameter.Value.zero_();
                continue;
            }

            using Tensor drawn = empty(parameter.Value.shape, ScalarType.Float32, CPU);
            if (parameter.Kind == ParameterKind.Embedding)
            {
                drawn.normal_(0, 1 / Math.Sqrt(configuration.Width), generator);
            }
            else
            {
                double bound = Math.Sqrt(6.0 / (drawn.shape[0] + drawn.shape[1]));
                if (IsStacked(parameter.Name))
                    bound /= Math.Sqrt(2);
                drawn.uniform_(-bound, bound, generator);
            }

            parameter.Value.copy_(drawn);
        }
    }

    private static ParameterKind KindOf(TensorDescription tensor) =>
        tensor.Shape.Count == 1 || tensor.Name == "final_logits_bias" ? ParameterKind.Vector
        : tensor.Name.Contains("embed_", StringComparison.Ordinal) || tensor.Name is "model.shared.weight" or "lm_head.weight" ? ParameterKind.Embedding
        : ParameterKind.Matrix;

    private static bool IsStacked(string name) =>
        name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal) || name.Contains(".v_proj.", StringComparison.Ordinal);

    private static string Group(string name)
    {
        if (name.Contains(".encoder_attn.", StringComparison.Ordinal))
            return name.Contains(".k_proj.", StringComparison.Ordinal) || name.Contains(".v_proj.", StringComparison.Ordinal) ? "cross" : name;
        int at = name.IndexOf(".self_attn.", StringComparison.Ordinal);
        if (at > 0 && IsStacked(name))
            return name[..at] + ".self";
        at = name.IndexOf(".fc_gate.", StringComparison.Ordinal);
        if (at < 0)
            at = name.IndexOf(".fc1.", StringComparison.Ordinal);
        return at > 0 ? name[..at] + ".inner" : name;
    }
}
