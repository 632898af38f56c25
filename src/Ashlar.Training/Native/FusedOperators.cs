using static Ashlar.Training.Native.StableAbi;
using static TorchSharp.torch;

namespace Ashlar.Training.Native;

/// <summary>libtorch operators that TorchSharp does not offer.</summary>
internal static class FusedOperators
{
    /// <summary>
    /// One AdamW step of many tensors in one call (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2):
    /// parameters, gradients and moments are fp32 and changed in place; the gradients are first divided by the scale.
    /// </summary>
    /// <param name="parameters">Changed in place.</param>
    /// <param name="gradients">Of the parameters' shapes.</param>
    /// <param name="firstMoments">Of the parameters' shapes.</param>
    /// <param name="secondMoments">Of the parameters' shapes.</param>
    /// <param name="steps">fp32 scalars: the number of this step, from 1.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="options">The constants.</param>
    /// <param name="weightDecay">Of these tensors.</param>
    /// <param name="gradientDivisor">fp32 scalar, or null.</param>
    public static void AdamW(
        IReadOnlyList<Tensor> parameters,
        IReadOnlyList<Tensor> gradients,
        IReadOnlyList<Tensor> firstMoments,
        IReadOnlyList<Tensor> secondMoments,
        IReadOnlyList<Tensor> steps,
        double learningRate,
        Optimizers.AdamWOptions options,
        double weightDecay,
        Tensor? gradientDivisor)
    {
        Span<ulong> stack =
        [
            Argument(parameters), Argument(gradients), Argument(firstMoments), Argument(secondMoments), Argument(Array.Empty<Tensor>()), Argument(steps),
            Argument(learningRate), Argument(options.Beta1), Argument(options.Beta2), Argument(weightDecay), Argument(options.Epsilon),
            Argument(false), Argument(false), gradientDivisor is null ? 0 : Optional(Argument(gradientDivisor)), 0,
        ];
        using IDisposable detached = no_grad();
        Call("aten::_fused_adamw_\0"u8, "\0"u8, stack);
    }

    /// <summary>x / sqrt(mean(x²) + epsilon) · gain over the last dimension (Zhang and Sennrich 2019); differentiable.</summary>
    public static Tensor RootMeanSquareNorm(Tensor x, Tensor gain, double epsilon)
    {
        Span<ulong> stack = [Argument(x), Argument(gain.shape), Optional(Argument(gain)), Optional(Argument(epsilon))];
        Call("aten::rms_norm\0"u8, "\0"u8, stack);
        return Result(stack[0]);
    }

    /// <summary>
    /// Attention without the matrix of weights in memory (Dao et al., "FlashAttention", 2022), on the CPU: softmax(q·kᵀ·scale)·v.
    /// </summary>
    /// <param name="query">[rows, heads, length, head width].</param>
    /// <param name="key">As query.</param>
    /// <param name="value">As query.</param>
    /// <param name="causal">Whether a token sees only itself and what is before it.</param>
    /// <param name="mask">Added to the scores, [rows or 1, heads or 1, length, length], or null; not together with causal.</param>
    /// <returns>The output, of the query's shape, and the logarithm of each row's sum, for the backward pass.</returns>
    public static (Tensor Output, Tensor LogSumExp) FlashAttention(Tensor query, Tensor key, Tensor value, bool causal, Tensor? mask = null)
    {
        Span<ulong> stack =
            [Argument(query), Argument(key), Argument(value), Argument(0.0), Argument(causal), mask is null ? 0 : Optional(Argument(mask)), 0];
        Call("aten::_scaled_dot_product_flash_attention_for_cpu\0"u8, "\0"u8, stack);
        return (Result(stack[0]), Result(stack[1]));
    }

    /// <summary>The gradients of <see cref="FlashAttention"/>'s query, key and value.</summary>
    public static (Tensor Query, Tensor Key, Tensor Value) FlashAttentionBackward(
        Tensor outputGradient, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSumExp, bool causal, Tensor? mask = null)
    {
        Span<ulong> stack =
        [
            Argument(outputGradient), Argument(query), Argument(key), Argument(value), Argument(output), Argument(logSumExp),
            Argument(0.0), Argument(causal), mask is null ? 0 : Optional(Argument(mask)), 0,
        ];
        Call("aten::_scaled_dot_product_flash_attention_for_cpu_backward\0"u8, "\0"u8, stack);
        return (Result(stack[0]), Result(stack[1]), Result(stack[2]));
    }

    /// <summary>out = a·b, [m, k]·[k, n], into an existing tensor.</summary>
    public static void MatrixMultiplyInto(Tensor output, Tensor a, Tensor b)
    {
        Span<ulong> stack = [Argument(a), Argument(b), Argument(output)];
        Call("aten::mm\0"u8, "out\0"u8, stack);
        Result(stack[0]).Dispose();
    }
}
