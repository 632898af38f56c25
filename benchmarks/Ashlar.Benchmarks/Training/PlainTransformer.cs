using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Training;

/// <summary>
/// The peer: the encoder-decoder Transformer as TorchSharp's users assemble it, from <c>nn.TransformerEncoder</c> and
/// <c>nn.TransformerDecoder</c>, on padded batches, in fp32, with the output projection tied to the one embedding.
/// </summary>
internal sealed class PlainTransformer : Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding _embedding;
    private readonly TransformerEncoder _encoder;
    private readonly TransformerDecoder _decoder;
    private readonly Tensor _positions;
    private readonly long _padding;
    private readonly double _scale;

    public PlainTransformer(TransformerConfiguration c)
        : base(nameof(PlainTransformer))
    {
        _embedding = Embedding(c.SourceVocabularySize, c.Width);
        _encoder = TransformerEncoder(TransformerEncoderLayer(c.Width, c.EncoderHeadCount, c.EncoderFeedForwardWidth, c.Dropout), c.EncoderLayerCount);
        _decoder = TransformerDecoder(TransformerDecoderLayer(c.Width, c.DecoderHeadCount, c.DecoderFeedForwardWidth, c.Dropout), c.DecoderLayerCount);
        _padding = c.Format.PaddingId;
        _scale = Math.Sqrt(c.Width);
        Tensor angles = arange(c.MaximumLength, ScalarType.Float32).unsqueeze(1)
            * pow(10_000, arange(0, c.Width, 2, ScalarType.Float32) / -c.Width);
        _positions = cat([angles.sin(), angles.cos()], 1).unsqueeze(1);
        RegisterComponents();
        using IDisposable detached = no_grad();
        _embedding.weight!.normal_(0, 1 / _scale);
    }

    /// <summary>Logits, [target length, rows, vocabulary], of sources and decoder inputs that are [length, rows].</summary>
    public override Tensor forward(Tensor source, Tensor inputs)
    {
        Tensor sourcePadding = source.t().eq(_padding), targetPadding = inputs.t().eq(_padding);
        long length = inputs.shape[0];
        Tensor causal = full([length, length], float.NegativeInfinity).triu(1);
        Tensor memory = _encoder.call(Embed(source), null!, sourcePadding);
        Tensor hidden = _decoder.call(Embed(inputs), memory, causal, null!, targetPadding, sourcePadding);
        return functional.linear(hidden, _embedding.weight!);
    }

    private Tensor Embed(Tensor ids) => (_embedding.call(ids) * _scale) + _positions.narrow(0, 0, ids.shape[0]);
}
