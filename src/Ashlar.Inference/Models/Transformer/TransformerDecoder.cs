using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>The decoder from token ids to the rows that the projection to the vocabulary reads. Several threads may use it, each with its own space.</summary>
internal sealed class TransformerDecoder(TransformerEmbedding embedding, TransformerDecoderLayer[] layers, Norm? finalNorm, int width)
{
    // Rows that go through at once: enough to use each weight well, few enough to bound the working memory.
    private const int RowBlock = 512;

    public static TransformerDecoder Load(TransformerConfiguration c, TokenTable tokens, TensorReader read) => new(
        TransformerEmbedding.Load(c, tokens, "decoder", read),
        [.. Enumerable.Range(0, c.DecoderLayerCount).Select(layer => new TransformerDecoderLayer(c, layer, read))],
        c.PreNorm ? Norm.Layer(read, "model.decoder.layer_norm", c.Width, c.NormEpsilon) : null,
        c.Width);

    /// <summary>Appends tokens to states; the rows that were asked for are then in <see cref="DecoderSpace.Hidden"/>.</summary>
    public void Run(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, LogitsSelection selection, DecoderSpace space, WorkerPool pool)
    {
        int wanted = states.Length;
        if (selection == LogitsSelection.All)
        {
            wanted = 0;
            foreach (ReadOnlyMemory<int> own in tokens)
                wanted += own.Length;
        }

        space.Begin(wanted, width);
        for (int i = 0; i < states.Length; i++)
        {
            TransformerState state = (TransformerState)states[i];
            ReadOnlySpan<int> ids = tokens[i].Span;
            for (int j = 0; j < ids.Length; j++)
            {
                bool last = j == ids.Length - 1;
                if (last || selection == LogitsSelection.All)
                    space.Selected.Add(space.Rows.Count);
                space.Rows.Add(state, state.Append(), ids[j], last);
                if (space.Rows.Count == RowBlock)
                    Flush(space, pool);
            }
        }

        Flush(space, pool);
    }

    private void Flush(DecoderSpace space, WorkerPool pool)
    {
        int count = space.Rows.Count, angleWidth = embedding.AngleWidth;
        if (count == 0)
            return;
        space.Fit(width, angleWidth);
        Span<float> stream = space.Stream.AsSpan(0, count * width);
        for (int row = 0; row < count; row++)
        {
            TargetRows.Row own = space.Rows[row];
            embedding.Embed(own.Token, own.Position, stream.Slice(row * width, width));
            if (embedding.Rotary)
            {
                Span<float> angles = space.Angles.AsSpan(row * 2 * angleWidth, 2 * angleWidth);
                embedding.Angles(own.Position, angles[..angleWidth], angles[angleWidth..]);
            }
        }

        foreach (TransformerDecoderLayer layer in layers)
            layer.Apply(space, embedding, stream, pool);

        // Only the selected rows go on: the projection to the vocabulary is the largest product of all.
        Span<float> hidden = space.NextHidden(space.Selected.Count, width);
        for (int i = 0; i < space.Selected.Count; i++)
            stream.Slice(space.Selected[i] * width, width).CopyTo(hidden[(i * width)..]);
        finalNorm?.Apply(hidden, hidden);
        space.Selected.Clear();
        space.Rows.Clear();
    }
}
