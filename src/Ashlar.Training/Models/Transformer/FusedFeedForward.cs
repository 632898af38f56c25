using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>The position-wise feed-forward layer (Vaswani et al. 2017, section 3.3), with dropout between its two matrices.</summary>
internal sealed unsafe class FusedFeedForward : IFusedBranch
{
    private readonly TransformerActivation _activation;
    private readonly FusedSublayerBuffers _buffers;
    private readonly FusedLinear _inner;
    private readonly ColumnSums _innerBias;
    private readonly Activation _innerValues;   // before the activation; with ReLU, after it
    private readonly Activation _activated;
    private readonly int _width;
    private readonly int _innerWidth;
    private readonly int _index;

    public FusedFeedForward(
        TransformerActivation activation, ParameterStore store, Tensor products, string block, int width, int innerWidth, FusedSublayerBuffers buffers, int index)
    {
        (_activation, _buffers, _width, _index) = (activation, buffers, innerWidth, index);
        bool gated = activation == TransformerActivation.SwiGlu;
        _innerWidth = gated ? 2 * innerWidth : innerWidth;
        string first = block + (gated ? "fc_gate" : "fc1");
        _inner = new FusedLinear(store, products, first + ".weight", first + ".bias", width, _innerWidth);
        Output = new FusedLinear(store, products, block + "fc2.weight", block + "fc2.bias", innerWidth, width);
        _innerBias = new ColumnSums(_inner.BiasGradient, _innerWidth);
        _innerValues = new Activation(buffers.Products);
        _activated = activation == TransformerActivation.Relu ? _innerValues : new Activation(buffers.Products);
    }

    public FusedLinear Output { get; }

    public void Forward(PackedBatch batch, Activation input, Activation result)
    {
        _inner.Forward(input.Tensor, _innerValues.Resize(input.Rows, _innerWidth).Tensor);
        Activate(batch, _activated.Resize(input.Rows, _width));
        Output.Forward(_activated.Tensor, result.Tensor);
    }

    public void Backward(PackedBatch batch, Activation input, Activation gradient, Activation inputGradient)
    {
        Activation activated = _buffers.InnerGradient.Resize(input.Rows, _width);
        Output.Backward(_activated.Tensor, gradient.Tensor, activated.Tensor);
        Activation inner = ActivateGradient(batch, activated);
        _inner.Backward(input.Tensor, inner.Tensor, inputGradient.Tensor);
    }

    public void Dispose()
    {
        _innerValues.Dispose();
        if (_activated != _innerValues)
            _activated.Dispose();
    }

    private void Activate(PackedBatch batch, Activation activated)
    {
        uint seed = DropoutSeeds.Of(batch.Seed, _index, use: 1);
        TorchParallel.For(activated.Rows, (_, begin, end) =>
        {
            bool wide = _innerValues.IsFloat32;
            Span<float> innerScratch = wide ? default : new float[_innerWidth], scratch = wide ? default : new float[_width];
            Span<float> one = _activation == TransformerActivation.Silu ? Ones() : default;
            for (int row = begin; row < end; row++)
            {
                Span<float> inner = _innerValues.Change(row, 0, _innerWidth, innerScratch);
                _inner.AddBias(inner);
                Span<float> values = inner;
                if (_activation != TransformerActivation.Relu)
                {
                    _innerValues.Commit(row, 0, inner);
                    values = activated.Write(row, 0, _width, scratch);
                    inner[.._width].CopyTo(values);
                }

                switch (_activation)
                {
                    case TransformerActivation.Relu:
                        Relu.Apply(values);
                        break;
                    case TransformerActivation.Gelu:
                        Gelu.ApplyExact(values);
                        break;
                    case TransformerActivation.Silu:
                        SiluGate.Apply(values, one);
                        break;
                    default:
                        SiluGate.Apply(values, inner[_width..]);
                        break;
                }

                if (batch.ActivationDropout > 0)
                    Dropout.Apply(values, batch.ActivationDropout, seed, (uint)(row * _width));
                activated.Commit(row, 0, values);
            }
        });
    }

    // From the gradient of the activated layer to that of the inner one, in place; with a gate, in place of its values.
    private Activation ActivateGradient(PackedBatch batch, Activation activated)
    {
        bool gated = _activation == TransformerActivation.SwiGlu;
        uint seed = DropoutSeeds.Of(batch.Seed, _index, use: 1);
        TorchParallel.For(activated.Rows, (part, begin, end) =>
        {
            bool wide = activated.IsFloat32;
            Span<float> scratch = wide ? default : new float[_width], innerScratch = wide ? default : new float[_innerWidth];
            Span<float> up = _activation == TransformerActivation.Silu ? new float[_width] : default;
            for (int row = begin; row < end; row++)
            {
                Span<float> gradient = activated.Change(row, 0, _width, scratch);
                if (batch.ActivationDropout > 0)
                    Dropout.Apply(gradient, batch.ActivationDropout, seed, (uint)(row * _width));
                Span<float> inner = _innerValues.Change(row, 0, _innerWidth, innerScratch);
                switch (_activation)
                {
                    case TransformerActivation.Relu:
                        ReluGradient.Apply(inner, gradient);
                        break;
                    case TransformerActivation.Gelu:
                        GeluGradient.ApplyExact(inner, gradient);
                        break;
                    case TransformerActivation.Silu:
                        up.Fill(1);
                        SiluGateGradient.Apply(inner, up, gradient);
                        inner.CopyTo(gradient);
                        break;
                    default:
                        SiluGateGradient.Apply(inner[.._width], inner[_width..], gradient);
                        _innerValues.Commit(row, 0, inner);
                        _innerBias.Add(part, inner);
                        continue;
                }

                activated.Commit(row, 0, gradient);
                _innerBias.Add(part, gradient);
            }
        });
        _innerBias.Finish();
        return gated ? _innerValues : activated;
    }

    private float[] Ones()
    {
        float[] ones = new float[_width];
        Array.Fill(ones, 1);
        return ones;
    }
}
