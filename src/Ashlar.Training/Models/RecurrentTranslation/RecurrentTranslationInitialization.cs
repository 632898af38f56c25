using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// Initial weights: embeddings N(0, d²), d as it is asked for; recurrent layers uniform within 1/sqrt(hidden width), as PyTorch's; other matrices uniform
/// (Glorot and Bengio 2010, equation 16); biases 0, but 1 for the forget gates of an LSTM (Jozefowicz et al. 2015, section 2.2).
/// </summary>
internal static class RecurrentTranslationInitialization
{
    public static ParameterKind KindOf(TensorDescription tensor) =>
        tensor.Shape.Count == 1 ? ParameterKind.Vector
        : tensor.Name.EndsWith("embedding.weight", StringComparison.Ordinal) || tensor.Name == "decoder.projection.weight" ? ParameterKind.Embedding
        : ParameterKind.Matrix;

    public static void Initialize(RecurrentTranslationConfiguration configuration, ParameterStore store, long seed, double embeddingDeviation)
    {
        using IDisposable detached = no_grad();
        // Drawn on the CPU whatever the device, so that a seed means the same weights everywhere.
        using Generator generator = new((ulong)seed, CPU);
        foreach (NamedParameter parameter in store.Parameters)
        {
            if (parameter.Kind == ParameterKind.Vector)
            {
                parameter.Value.zero_();
                if (configuration.Cell == RecurrentCell.Lstm && parameter.Name.Contains(".bias_ih_", StringComparison.Ordinal))
                {
                    long width = parameter.Value.shape[0] / 4;
                    using Tensor forget = parameter.Value.narrow(0, width, width);
                    forget.fill_(1);
                }

                continue;
            }

            using Tensor drawn = empty(parameter.Value.shape, ScalarType.Float32, CPU);
            if (parameter.Name.EndsWith("embedding.weight", StringComparison.Ordinal))
            {
                drawn.normal_(0, embeddingDeviation, generator);
            }
            else
            {
                bool recurrent = parameter.Name.Contains(".rnn.", StringComparison.Ordinal);
                double hidden = parameter.Name.StartsWith("encoder.", StringComparison.Ordinal) ? configuration.EncoderWidth : configuration.DecoderWidth;
                double bound = recurrent ? 1 / Math.Sqrt(hidden) : Math.Sqrt(6.0 / (drawn.shape[0] + drawn.shape[1]));
                drawn.uniform_(-bound, bound, generator);
            }

            parameter.Value.copy_(drawn);
        }
    }
}
