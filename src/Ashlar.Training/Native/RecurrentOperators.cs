using Ashlar.Checkpoints.Configurations;
using static Ashlar.Training.Native.StableAbi;
using static TorchSharp.torch;

namespace Ashlar.Training.Native;

/// <summary>libtorch's recurrent layers over packed sentences, with weights that the caller owns; differentiable.</summary>
internal static class RecurrentOperators
{
    private const ulong OneLayer = 1;

    /// <summary>One layer, in one direction or both.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="data">Packed tokens, [tokens, input].</param>
    /// <param name="batchSizes">Sentences at each time step, int64 on the CPU.</param>
    /// <param name="start">First hidden state, [directions, sentences, hidden]; also the first c of an LSTM.</param>
    /// <param name="weights">Of each direction W, U, b and d.</param>
    /// <param name="bothDirections">Whether there are two.</param>
    /// <returns>Packed outputs, [tokens, directions · hidden], and the last states, [directions, sentences, hidden].</returns>
    public static (Tensor Output, Tensor Hidden, Tensor? Cell) Packed(
        RecurrentCell cell, Tensor data, Tensor batchSizes, Tensor start, IReadOnlyList<Tensor> weights, bool bothDirections)
    {
        bool lstm = cell == RecurrentCell.Lstm;
        Span<ulong> stack =
        [
            Argument(data), Argument(batchSizes), lstm ? Argument((Tensor[])[start, start]) : Argument(start), Argument(weights),
            Argument(true), OneLayer, Argument(0.0), Argument(false), Argument(bothDirections),
        ];
        switch (cell)
        {
            case RecurrentCell.Lstm:
                Call("aten::lstm\0"u8, "data\0"u8, stack);
                break;
            case RecurrentCell.Gru:
                Call("aten::gru\0"u8, "data\0"u8, stack);
                break;
            case RecurrentCell.RnnTanh:
                Call("aten::rnn_tanh\0"u8, "data\0"u8, stack);
                break;
            default:
                Call("aten::rnn_relu\0"u8, "data\0"u8, stack);
                break;
        }

        return (Result(stack[0]), Result(stack[1]), lstm ? Result(stack[2]) : null);
    }
}
