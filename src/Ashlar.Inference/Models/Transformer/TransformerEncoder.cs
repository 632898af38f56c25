using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>
/// The encoder over sentences laid end to end: matrix products take all tokens at once, attention each sentence by itself, and
/// there is no padding to mask.
/// </summary>
internal sealed class TransformerEncoder
{
    private readonly TransformerConfiguration _configuration;
    private readonly TransformerEmbedding _embedding;
    private readonly Layer[] _layers;
    private readonly Norm? _finalNorm;
    private readonly WorkingSpace _stream = new(), _normal = new(), _branch = new(), _fused = new(), _mixed = new(), _inner = new(), _angles = new();

    private TransformerEncoder(TransformerConfiguration configuration, TransformerEmbedding embedding, Layer[] layers, Norm? finalNorm) =>
        (_configuration, _embedding, _layers, _finalNorm) = (configuration, embedding, layers, finalNorm);

    public static TransformerEncoder Load(TransformerConfiguration c, TokenTable tokens, TensorReader read) => new(
        c,
        TransformerEmbedding.Load(c, tokens, "encoder", read),
        [.. Enumerable.Range(0, c.EncoderLayerCount).Select(index =>
        {
            string block = $"model.encoder.layers.{index}.";
            return new Layer(
                SubLayer.Load(c, block + "self_attn_layer_norm", read),
                SelfProjection.Load(c, block + "self_attn.", read),
                SubLayer.Load(c, block + "final_layer_norm", read),
                TransformerFeedForward.Load(c, block, c.EncoderFeedForwardWidth, read));
        })],
        c.PreNorm ? Norm.Layer(read, "model.encoder.layer_norm", c.Width, c.NormEpsilon) : null);

    /// <param name="sources">[count] sentences, of any lengths.</param>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="kept">Receives the attention of the only sentence; null for nobody.</param>
    /// <returns>[all tokens, width], good until the next call.</returns>
    public ReadOnlySpan<float> Encode(ReadOnlySpan<ReadOnlyMemory<int>> sources, WorkerPool pool, SelfAttentionWeights? kept = null)
    {
        int width = _configuration.Width, heads = _configuration.EncoderHeadCount, total = 0;
        int[] starts = new int[sources.Length];
        int[] lengths = new int[sources.Length];
        for (int i = 0; i < sources.Length; i++)
        {
            (starts[i], lengths[i]) = (total, sources[i].Length);
            total += lengths[i];
        }

        Span<float> stream = _stream.Take(total * width), normal = _normal.Take(total * width), branch = _branch.Take(total * width);
        float[] fused = _fused.Array(total * 3 * width);
        float[] mixed = _mixed.Array(total * width);
        Embed(sources, stream);
        for (int index = 0; index < _layers.Length; index++)
        {
            (Layer layer, int number) = (_layers[index], index);
            layer.Projection.QueryKeyValue.Apply(layer.Attention.Input(stream, normal), total, fused, pool);
            if (_embedding.Rotary)
                Rotate(sources, fused);
            pool.For(sources.Length * heads, item =>
            {
                (int sentence, int head) = Math.DivRem(item, heads);
                (int start, int length) = (starts[sentence], lengths[sentence]);
                HeadAttention.Sentence(
                    fused.AsSpan(start * 3 * width, length * 3 * width),
                    length,
                    width,
                    head,
                    width / heads,
                    mixed.AsSpan(start * width, length * width),
                    kept,
                    number);
            });
            layer.Projection.Output.Apply(mixed, total, branch, pool);
            layer.Attention.Join(stream, branch);
            layer.FeedForward.Apply(layer.Inner.Input(stream, normal), total, branch, _inner, pool);
            layer.Inner.Join(stream, branch);
        }

        _finalNorm?.Apply(stream, stream);
        return stream;
    }

    private void Embed(ReadOnlySpan<ReadOnlyMemory<int>> sources, Span<float> stream)
    {
        int width = _configuration.Width, row = 0;
        foreach (ReadOnlyMemory<int> source in sources)
            for (int position = 0; position < source.Length; position++, row++)
                _embedding.Embed(source.Span[position], position, stream.Slice(row * width, width));
    }

    private void Rotate(ReadOnlySpan<ReadOnlyMemory<int>> sources, Span<float> fused)
    {
        int width = _configuration.Width, row = 0;
        Span<float> angles = _angles.Take(2 * _embedding.AngleWidth);
        Span<float> cosines = angles[.._embedding.AngleWidth], sines = angles[_embedding.AngleWidth..];
        foreach (ReadOnlyMemory<int> source in sources)
        {
            for (int position = 0; position < source.Length; position++, row++)
            {
                _embedding.Angles(position, cosines, sines);
                // Queries and keys lie one after the other.
                _embedding.Rotate(fused.Slice(row * 3 * width, 2 * width), cosines, sines);
            }
        }
    }

    private sealed record Layer(SubLayer Attention, SelfProjection Projection, SubLayer Inner, TransformerFeedForward FeedForward);
}
