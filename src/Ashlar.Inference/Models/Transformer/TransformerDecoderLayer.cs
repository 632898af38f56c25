using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>One decoder layer: attention to the target so far, attention to the source, feed-forward.</summary>
internal sealed class TransformerDecoderLayer
{
    private readonly int _index;
    private readonly int _width;
    private readonly int _headCount;
    private readonly int _headWidth;
    private readonly float _scale;
    private readonly SubLayer _self;
    private readonly SelfProjection _projection;
    private readonly SubLayer _cross;
    private readonly Linear _query;
    private readonly Linear _crossOutput;
    private readonly SubLayer _inner;
    private readonly TransformerFeedForward _feedForward;
    private readonly Action<DecoderSpace, int> _attendTarget;
    private readonly Action<DecoderSpace, int> _attendSource;

    public TransformerDecoderLayer(TransformerConfiguration c, int index, TensorReader read)
    {
        string block = $"model.decoder.layers.{index}.";
        (_index, _width, _headCount, _headWidth) = (index, c.Width, c.DecoderHeadCount, c.Width / c.DecoderHeadCount);
        _scale = 1 / MathF.Sqrt(_headWidth);
        _self = SubLayer.Load(c, block + "self_attn_layer_norm", read);
        _projection = SelfProjection.Load(c, block + "self_attn.", read);
        _cross = SubLayer.Load(c, block + "encoder_attn_layer_norm", read);
        _query = Linear.FromOutputRows(read, c.Width, [(block + "encoder_attn.q_proj.weight", block + "encoder_attn.q_proj.bias", c.Width)]);
        _crossOutput = Linear.FromOutputRows(read, c.Width, [(block + "encoder_attn.out_proj.weight", block + "encoder_attn.out_proj.bias", c.Width)]);
        _inner = SubLayer.Load(c, block + "final_layer_norm", read);
        _feedForward = TransformerFeedForward.Load(c, block, c.DecoderFeedForwardWidth, read);
        // Made once: a step then allocates nothing.
        (_attendTarget, _attendSource) = (AttendTarget, AttendSource);
    }

    /// <param name="space">The rows and their working memory.</param>
    /// <param name="embedding">Turns queries and keys, where positions are rotary.</param>
    /// <param name="stream">[rows, width], updated.</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Apply(DecoderSpace space, TransformerEmbedding embedding, Span<float> stream, WorkerPool pool)
    {
        int count = space.Rows.Count;
        Span<float> normal = space.Normal.AsSpan(0, count * _width), branch = space.Branch.AsSpan(0, count * _width);
        _projection.QueryKeyValue.Apply(_self.Input(stream, normal), count, space.Fused, pool);
        for (int row = 0; row < count; row++)
            Remember(space, row, embedding);
        Attend(space, pool, _attendTarget);
        _projection.Output.Apply(space.Mixed, count, branch, pool);
        _self.Join(stream, branch);

        _query.Apply(_cross.Input(stream, normal), count, space.Fused, pool);
        Attend(space, pool, _attendSource);
        _crossOutput.Apply(space.Mixed, count, branch, pool);
        _cross.Join(stream, branch);

        _feedForward.Apply(_inner.Input(stream, normal), count, branch, space.Inner, pool);
        _inner.Join(stream, branch);
    }

    private static void Attend(DecoderSpace space, WorkerPool pool, Action<DecoderSpace, int> row)
    {
        if (pool.ThreadCount == 1)
        {
            for (int i = 0; i < space.Rows.Count; i++)
                row(space, i);
        }
        else
        {
            Share(space, pool, row);
        }
    }

    // Apart from the above, so that one thread allocates no closure.
    private static void Share(DecoderSpace space, WorkerPool pool, Action<DecoderSpace, int> row) => pool.For(space.Rows.Count, i => row(space, i));

    // Puts a row's key and value where it and later rows find them.
    private void Remember(DecoderSpace space, int row, TransformerEmbedding embedding)
    {
        Span<float> fused = space.Fused.AsSpan(row * 3 * _width, 3 * _width);
        if (embedding.Rotary)
        {
            int half = embedding.AngleWidth;
            ReadOnlySpan<float> angles = space.Angles.AsSpan(row * 2 * half, 2 * half);
            embedding.Rotate(fused[..(2 * _width)], angles[..half], angles[half..]);
        }

        fused[_width..].CopyTo(space.Rows.Path(space.Rows[row])[^1].AsSpan(_index * 2 * _width));
    }

    private void AttendTarget(DecoderSpace space, int row)
    {
        ReadOnlySpan<float[]> path = space.Rows.Path(space.Rows[row]);
        ReadOnlySpan<float> query = space.Fused.AsSpan(row * 3 * _width, _width);
        Span<float> weights = space.Weights.AsSpan(row * space.WeightLength, space.WeightLength);
        Span<float> result = space.Mixed.AsSpan(row * _width, _width);
        int key = _index * 2 * _width, value = key + _width;
        if (space.Kept is null)
        {
            ScatteredAttention.Apply(query, path, key, value, _headWidth, weights, result);
            return;
        }

        for (int head = 0; head < _headCount; head++)
        {
            int at = head * _headWidth;
            ScatteredAttention.Apply(query.Slice(at, _headWidth), path, key + at, value + at, _headWidth, weights, result.Slice(at, _headWidth));
            weights[..path.Length].CopyTo(space.Kept.Row(_index, head, path.Length - 1));
        }
    }

    private void AttendSource(DecoderSpace space, int row)
    {
        TargetRows.Row own = space.Rows[row];
        Span<float> query = space.Fused.AsSpan(row * _width, _width);
        HeadAttention.Scale(query, _scale, query);
        Span<float> weights = space.Weights.AsSpan(row * space.WeightLength, own.State.Memory.RowLength);
        for (int head = 0; head < _headCount; head++)
        {
            int at = head * _headWidth;
            own.State.Memory.Attend(
                _index, head, query.Slice(at, _headWidth), space.Mixed.AsSpan(row * _width + at, _headWidth), weights);
            if (own.Last && own.State.KeepsAttention)
                weights[..own.State.SourceLength].CopyTo(own.State.Weights(_index, head));
        }
    }
}
