using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Native;

public sealed unsafe class FusedOperatorsTests
{
    [Fact]
    public void RootMeanSquareNormEqualsItsFormulaAndGradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(1, CPU);
        Tensor x = empty(3, 8).normal_(0, 2, generator).requires_grad_(true);
        Tensor gain = empty(8).normal_(1, 0.3, generator);
        Tensor plain = x * rsqrt(x.square().mean([-1], keepdim: true) + 1e-5) * gain;
        Tensor fused = FusedOperators.RootMeanSquareNorm(x, gain, 1e-5);
        Assert.True(fused.allclose(plain, 1e-6, 1e-6));

        Tensor weights = empty(3, 8).normal_(0, 1, generator);
        Tensor expected = autograd.grad([(plain * weights).sum()], [x])[0];
        Tensor actual = autograd.grad([(fused * weights).sum()], [x])[0];
        Assert.True(actual.allclose(expected, 1e-5, 1e-6));
    }

    [Theory, InlineData(true, false), InlineData(false, false), InlineData(false, true)]
    public void FlashAttentionAndItsGradientsEqualTheFormula(bool causal, bool masked)
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(2, CPU);
        Tensor[] qkv = [.. Enumerable.Range(0, 3).Select(_ => empty(2, 3, 7, 8).normal_(0, 1, generator).requires_grad_(true))];
        Tensor allowed = causal ? ones(7, 7).tril() : masked ? (empty(7, 7).normal_(0, 1, generator) + (3 * eye(7))).gt(0).to(float32) : ones(7, 7);
        Tensor bias = zeros(7, 7).masked_fill(allowed.eq(0), float.NegativeInfinity);
        Tensor scores = (qkv[0].matmul(qkv[1].transpose(2, 3)) / Math.Sqrt(8)) + bias;
        Tensor plain = scores.softmax(-1).matmul(qkv[2]);

        Tensor? mask = masked ? bias.view(1, 1, 7, 7) : null;
        (Tensor output, Tensor logSumExp) = FusedOperators.FlashAttention(qkv[0].detach(), qkv[1].detach(), qkv[2].detach(), causal, mask);
        Assert.True(output.allclose(plain, 1e-5, 1e-5));
        Tensor gradient = empty(2, 3, 7, 8).normal_(0, 1, generator);
        IList<Tensor> expected = autograd.grad([(plain * gradient).sum()], qkv);
        (Tensor q, Tensor k, Tensor v) = FusedOperators.FlashAttentionBackward(
            gradient, qkv[0].detach(), qkv[1].detach(), qkv[2].detach(), output, logSumExp, causal, mask);
        Assert.True(q.allclose(expected[0], 1e-4, 1e-5));
        Assert.True(k.allclose(expected[1], 1e-4, 1e-5));
        Assert.True(v.allclose(expected[2], 1e-4, 1e-5));
    }

    [Fact]
    public void ProductsGoWhereTheyAreTold()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = zeros(2, 2);
        void* before = StableAbi.Data(output);
        FusedOperators.MatrixMultiplyInto(output, ones(2, 3), ones(3, 2));
        Assert.Equal((nint)before, (nint)StableAbi.Data(output));
        Assert.Equal(3f, output[1, 0].item<float>());
        Assert.Equal(3f, ((float*)before)[2]);
    }

    [Fact]
    public void AnOperatorsRefusalIsAnException()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<InvalidOperationException>(() => FusedOperators.MatrixMultiplyInto(zeros(2, 2), ones(2, 3), ones(2, 3)));
    }
}
