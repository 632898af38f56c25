using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>
/// The keys and values that the cross-attentions of all decoder layers read from the encoder's output: one product for all, and in
/// the backward pass one for the gradient of the output.
/// </summary>
internal sealed unsafe class CrossMemory : IDisposable
{
    private readonly FusedLinear _projection;
    private readonly ColumnSums _bias;

    public CrossMemory(TransformerConfiguration c, ParameterStore store, Tensor products, FusedSublayerBuffers buffers)
    {
        const string First = "model.decoder.layers.0.encoder_attn.k_proj";
        _projection = new FusedLinear(store, products, First + ".weight", First + ".bias", c.Width, 2 * c.Width * c.DecoderLayerCount);
        _bias = new ColumnSums(_projection.BiasGradient, _projection.OutputWidth);
        Projected = new Activation(buffers.Products);
        Gradient = new Activation(buffers.Products);
    }

    /// <summary>Key and value of the first layer, of the second and so on, [source tokens, 2 · width · layers].</summary>
    public Activation Projected { get; }

    /// <summary>The gradient, to which each layer's backward pass writes its columns.</summary>
    public Activation Gradient { get; }

    /// <summary>From the encoder's output, [source tokens, width].</summary>
    public void Forward(Activation memory)
    {
        int width = _projection.OutputWidth;
        _projection.Forward(memory.Tensor, Projected.Resize(memory.Rows, width).Tensor);
        TorchParallel.For(memory.Rows, (_, begin, end) =>
        {
            Span<float> scratch = Projected.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = Projected.Change(row, 0, width, scratch);
                _projection.AddBias(values);
                Projected.Commit(row, 0, values);
            }
        });
        Gradient.Resize(memory.Rows, width);
    }

    /// <summary>To the gradient of the encoder's output.</summary>
    public void Backward(Activation memory, Activation memoryGradient)
    {
        int width = _projection.OutputWidth;
        TorchParallel.For(memory.Rows, (part, begin, end) =>
        {
            Span<float> scratch = Gradient.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
                _bias.Add(part, Gradient.Read(row, 0, width, scratch));
        });
        _bias.Finish();
        _projection.Backward(memory.Tensor, Gradient.Tensor, memoryGradient.Tensor);
    }

    public void Dispose()
    {
        Projected.Dispose();
        Gradient.Dispose();
    }
}

/// <summary>Attention of the target's tokens to the source's (Vaswani et al. 2017, section 3.2.3).</summary>
internal sealed unsafe class FusedCrossAttention : IFusedBranch
{
    private readonly FusedSublayerBuffers _buffers;
    private readonly CrossMemory _memory;
    private readonly FusedLinear _projection;
    private readonly ColumnSums _bias;
    private readonly PackedHeads _heads;
    private readonly Activation _query;
    private readonly Activation _mixed;
    private readonly Activation _logSums = new(ScalarType.Float32);
    private readonly int _width;
    private readonly int _headCount;
    private readonly int _layer;

    public FusedCrossAttention(
        ParameterStore store, Tensor products, int layer, int width, int headCount, CrossMemory memory, FusedSublayerBuffers buffers, int index)
    {
        (_buffers, _memory, _width, _headCount, _layer) = (buffers, memory, width, headCount, layer);
        string block = $"model.decoder.layers.{layer}.encoder_attn.";
        _projection = new FusedLinear(store, products, block + "q_proj.weight", block + "q_proj.bias", width, width);
        Output = new FusedLinear(store, products, block + "out_proj.weight", block + "out_proj.bias", width, width);
        _bias = new ColumnSums(_projection.BiasGradient, width);
        _heads = new PackedHeads(headCount, width / headCount, index);
        _query = new Activation(buffers.Products);
        _mixed = new Activation(buffers.Products);
    }

    public FusedLinear Output { get; }

    public void Forward(PackedBatch batch, Activation input, Activation result)
    {
        _projection.Forward(input.Tensor, _query.Resize(input.Rows, _width).Tensor);
        TorchParallel.For(input.Rows, (_, begin, end) =>
        {
            Span<float> scratch = _query.IsFloat32 ? default : new float[_width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = _query.Change(row, 0, _width, scratch);
                _projection.AddBias(values);
                _query.Commit(row, 0, values);
            }
        });
        _heads.Forward(batch, Operands(batch), _mixed.Resize(input.Rows, _width), _logSums.Resize(_headCount, input.Rows));
        Output.Forward(_mixed.Tensor, result.Tensor);
    }

    public void Backward(PackedBatch batch, Activation input, Activation gradient, Activation inputGradient)
    {
        Activation mixed = _buffers.MixedGradient.Resize(input.Rows, _width);
        Output.Backward(_mixed.Tensor, gradient.Tensor, mixed.Tensor);
        Activation query = _buffers.ProjectedGradient.Resize(input.Rows, _width);
        _heads.Backward(batch, Operands(batch), _mixed, _logSums, mixed, query, _memory.Gradient);
        TorchParallel.For(input.Rows, (part, begin, end) =>
        {
            Span<float> scratch = query.IsFloat32 ? default : new float[_width];
            for (int row = begin; row < end; row++)
                _bias.Add(part, query.Read(row, 0, _width, scratch));
        });
        _bias.Finish();
        _projection.Backward(input.Tensor, query.Tensor, inputGradient.Tensor);
    }

    public void Dispose()
    {
        _heads.Dispose();
        _query.Dispose();
        _mixed.Dispose();
        _logSums.Dispose();
    }

    private HeadOperands Operands(PackedBatch batch)
    {
        int column = 2 * _width * _layer;
        return new HeadOperands(_query, 0, _memory.Projected, column, column + _width, batch.Target, batch.Source, AllKeys: true);
    }
}
