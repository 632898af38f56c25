using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// Initial weights as PyTorch's word language model has them: embeddings and projection uniform in ±0.1, cells uniform in ±1/√width,
/// the projection's bias 0; and an LSTM's forget gate open, its bias 1 (Jozefowicz et al., "An Empirical Exploration of Recurrent
/// Network Architectures", 2015, section 5).
/// </summary>
internal static class RecurrentInitialization
{
    private const double EmbeddingRange = 0.1;

    public static ParameterKind KindOf(TensorDescription tensor) =>
        tensor.Shape.Count == 1 ? ParameterKind.Vector
        : tensor.Name is "encoder.weight" or "decoder.weight" ? ParameterKind.Embedding
        : ParameterKind.Matrix;

    public static void Initialize(RecurrentConfiguration configuration, ParameterStore store, long seed)
    {
        using IDisposable detached = no_grad();
        // Drawn on the CPU whatever the device, so that a seed means the same weights everywhere.
        using Generator generator = new((ulong)seed, CPU);
        foreach (NamedParameter parameter in store.Parameters)
        {
            if (parameter.Name == "decoder.bias")
                continue; // zero already
            double range = parameter.Kind == ParameterKind.Embedding ? EmbeddingRange : 1 / Math.Sqrt(configuration.HiddenWidth);
            using Tensor drawn = empty(parameter.Value.shape, ScalarType.Float32, CPU);
            drawn.uniform_(-range, range, generator);
            if (configuration.Cell == RecurrentCell.Lstm && parameter.Name.StartsWith("rnn.bias_", StringComparison.Ordinal))
            {
                // Both biases are added, so one of them holds the 1.
                using Tensor forget = drawn.narrow(0, configuration.HiddenWidth, configuration.HiddenWidth);
                forget.fill_(parameter.Name.StartsWith("rnn.bias_ih", StringComparison.Ordinal) ? 1 : 0);
            }

            parameter.Value.copy_(drawn);
        }
    }
}
