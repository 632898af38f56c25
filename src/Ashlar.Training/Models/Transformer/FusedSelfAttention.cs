using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Transformer;

/// <summary>Self-attention over packed sentences: one matrix for key, value and query, in this order.</summary>
internal sealed unsafe class FusedSelfAttention : IFusedBranch
{
    private readonly FusedSublayerBuffers _buffers;
    private readonly FusedLinear _projection;
    private readonly ColumnSums _bias;
    private readonly FusedRotary? _rotary;
    private readonly PackedHeads _heads;
    private readonly Activation _projected;
    private readonly Activation _mixed;
    private readonly Activation _logSums = new(ScalarType.Float32);
    private readonly int _width;
    private readonly int _headCount;
    private readonly bool _ofDecoder;

    /// <param name="store">The parameters.</param>
    /// <param name="products">In the type of the products.</param>
    /// <param name="block">Prefix of the names, up to <c>self_attn.</c></param>
    /// <param name="width">Width of the model.</param>
    /// <param name="headCount">Heads.</param>
    /// <param name="ofDecoder">Whether it goes over target sentences, causally; else over sources, every token to every token.</param>
    /// <param name="rotary">Rotation of queries and keys, or null.</param>
    /// <param name="buffers">Shared memory.</param>
    /// <param name="index">The sub-layer's number.</param>
    public FusedSelfAttention(
        ParameterStore store, Tensor products, string block, int width, int headCount, bool ofDecoder, FusedRotary? rotary, FusedSublayerBuffers buffers, int index)
    {
        (_buffers, _width, _headCount, _ofDecoder, _rotary) = (buffers, width, headCount, ofDecoder, rotary);
        _projection = new FusedLinear(store, products, block + "k_proj.weight", block + "k_proj.bias", width, 3 * width);
        Output = new FusedLinear(store, products, block + "out_proj.weight", block + "out_proj.bias", width, width);
        _bias = new ColumnSums(_projection.BiasGradient, 3 * width);
        _heads = new PackedHeads(headCount, width / headCount, index);
        _projected = new Activation(buffers.Products);
        _mixed = new Activation(buffers.Products);
    }

    public FusedLinear Output { get; }

    public void Forward(PackedBatch batch, Activation input, Activation result)
    {
        PackedSentences sentences = Sentences(batch);
        _projection.Forward(input.Tensor, _projected.Resize(input.Rows, 3 * _width).Tensor);
        TorchParallel.For(input.Rows, (_, begin, end) =>
        {
            Span<float> scratch = _projected.IsFloat32 ? default : new float[3 * _width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = _projected.Change(row, 0, 3 * _width, scratch);
                _projection.AddBias(values);
                Turn(values, sentences.Positions[row], back: false);
                _projected.Commit(row, 0, values);
            }
        });
        _heads.Forward(batch, Operands(sentences), _mixed.Resize(input.Rows, _width), _logSums.Resize(_headCount, input.Rows));
        Output.Forward(_mixed.Tensor, result.Tensor);
    }

    public void Backward(PackedBatch batch, Activation input, Activation gradient, Activation inputGradient)
    {
        PackedSentences sentences = Sentences(batch);
        Activation mixed = _buffers.MixedGradient.Resize(input.Rows, _width);
        Output.Backward(_mixed.Tensor, gradient.Tensor, mixed.Tensor);
        Activation projected = _buffers.ProjectedGradient.Resize(input.Rows, 3 * _width);
        _heads.Backward(batch, Operands(sentences), _mixed, _logSums, mixed, projected, projected);
        TorchParallel.For(input.Rows, (part, begin, end) =>
        {
            Span<float> scratch = projected.IsFloat32 ? default : new float[3 * _width];
            for (int row = begin; row < end; row++)
            {
                Span<float> values = projected.Change(row, 0, 3 * _width, scratch);
                Turn(values, sentences.Positions[row], back: true);
                projected.Commit(row, 0, values);
                _bias.Add(part, values);
            }
        });
        _bias.Finish();
        _projection.Backward(input.Tensor, projected.Tensor, inputGradient.Tensor);
    }

    public void Dispose()
    {
        _heads.Dispose();
        _projected.Dispose();
        _mixed.Dispose();
        _logSums.Dispose();
    }

    private PackedSentences Sentences(PackedBatch batch) => _ofDecoder ? batch.Target : batch.Source;

    private HeadOperands Operands(PackedSentences sentences) =>
        new(_projected, 2 * _width, _projected, 0, _width, sentences, sentences, AllKeys: !_ofDecoder);

    private void Turn(Span<float> values, int position, bool back)
    {
        _rotary?.Turn(values[.._width], position, back);
        _rotary?.Turn(values[(2 * _width)..], position, back);
    }
}

/// <summary>The rotation of rotary positions for every position a sentence may have.</summary>
internal sealed class FusedRotary
{
    private readonly int _half;
    private readonly float[] _cosines;
    private readonly float[] _sines;
    private readonly float[] _backSines;

    public FusedRotary(int length, int headWidth, double theta)
    {
        _half = headWidth / 2;
        (_cosines, _sines) = (new float[length * _half], new float[length * _half]);
        double[] frequencies = Rope.Frequencies(headWidth, theta);
        for (int position = 0; position < length; position++)
            Rope.Angles(frequencies, position, _cosines.AsSpan(position * _half, _half), _sines.AsSpan(position * _half, _half));
        _backSines = Array.ConvertAll(_sines, sine => -sine);
    }

    /// <summary>Turns all heads of a token; back is the gradient's way.</summary>
    public void Turn(Span<float> heads, int position, bool back)
    {
        ReadOnlySpan<float> cosines = _cosines.AsSpan(position * _half, _half), sines = (back ? _backSines : _sines).AsSpan(position * _half, _half);
        for (int at = 0; at < heads.Length; at += 2 * _half)
            Rope.Apply(heads.Slice(at, 2 * _half), cosines, sines);
    }
}
