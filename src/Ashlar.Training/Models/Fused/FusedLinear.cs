using Ashlar.Kernels;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// A linear layer over the parameter buffer: y = x·W (+ b), with gradients added straight into the gradient buffer. Matrices that lie
/// next to each other there (query, key and value; gate and up) are one layer.
/// </summary>
internal sealed unsafe class FusedLinear
{
    private readonly Tensor _weight;   // as stored, in the type of the products
    private readonly Tensor _gradient; // as stored, fp32
    private readonly bool _inputsFirst;
    private readonly Activation? _product;

    /// <param name="store">Where parameters and gradients are.</param>
    /// <param name="products">The parameters in the type of the products: the buffer itself, or its bfloat16 copy.</param>
    /// <param name="weight">Name of the first matrix.</param>
    /// <param name="bias">Name of the first bias, or null.</param>
    /// <param name="inputWidth">Width of x.</param>
    /// <param name="outputWidth">Width of y, all matrices together.</param>
    public FusedLinear(ParameterStore store, Tensor products, string weight, string? bias, int inputWidth, int outputWidth)
    {
        _inputsFirst = store[weight].InputsFirst;
        (InputWidth, OutputWidth) = (inputWidth, outputWidth);
        long[] shape = _inputsFirst ? [inputWidth, outputWidth] : [outputWidth, inputWidth];
        _weight = View(products, store.Offset(weight), shape);
        _gradient = View(store.Gradients, store.Offset(weight), shape);
        if (bias is not null)
        {
            Bias = (float*)StableAbi.Data(store.Values) + store.Offset(bias);
            BiasGradient = (float*)StableAbi.Data(store.Gradients) + store.Offset(bias);
        }

        // A bfloat16 product has a bfloat16 result, which is then added to the fp32 gradient.
        _product = products.dtype == ScalarType.Float32 ? null : new Activation(products.dtype).Resize((int)shape[0], (int)shape[1]);
    }

    public int InputWidth { get; }

    public int OutputWidth { get; }

    /// <summary>[output width], or null.</summary>
    public float* Bias { get; }

    /// <summary>[output width], or null.</summary>
    public float* BiasGradient { get; }

    /// <summary>y = x·W. The bias is left to whoever goes over y's rows next.</summary>
    public void Forward(Tensor x, Tensor y)
    {
        if (_inputsFirst)
        {
            FusedOperators.MatrixMultiplyInto(y, x, _weight);
            return;
        }

        using Tensor transposed = _weight.t();
        FusedOperators.MatrixMultiplyInto(y, x, transposed);
    }

    /// <summary>The weight's gradient += xᵀ·dy, and dx = dy·Wᵀ.</summary>
    public void Backward(Tensor x, Tensor outputGradient, Tensor inputGradient)
    {
        using (Tensor left = _inputsFirst ? x.t() : outputGradient.t())
        {
            Tensor right = _inputsFirst ? outputGradient : x;
            if (_product is null)
            {
                _gradient.addmm_(left, right);
            }
            else
            {
                FusedOperators.MatrixMultiplyInto(_product.Tensor, left, right);
                _gradient.add_(_product.Tensor, Scalars.One);
            }
        }

        if (!_inputsFirst)
        {
            FusedOperators.MatrixMultiplyInto(inputGradient, outputGradient, _weight);
            return;
        }

        using Tensor transposed = _weight.t();
        FusedOperators.MatrixMultiplyInto(inputGradient, outputGradient, transposed);
    }

    /// <summary>values += bias.</summary>
    public void AddBias(Span<float> values)
    {
        if (Bias != null)
            Addition.Accumulate(values, new ReadOnlySpan<float>(Bias, OutputWidth));
    }

    private static Tensor View(Tensor flat, long offset, long[] shape)
    {
        using IDisposable detached = no_grad();
        using Tensor part = flat.narrow(0, offset, shape[0] * shape[1]);
        return part.view(shape).DetachFromDisposeScope();
    }
}
