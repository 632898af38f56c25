using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;

namespace Ashlar.Training.Models.Transformer;

/// <summary>dropout(embedding[token] · sqrt(width) + position) (Vaswani et al. 2017, sections 3.4, 3.5 and 5.4) over packed sentences.</summary>
internal sealed unsafe class FusedEmbedding
{
    private readonly int _width;
    private readonly int _index;
    private readonly float _scale;
    private readonly float* _table;
    private readonly float* _tableGradient;
    private readonly float* _learned;
    private readonly float* _learnedGradient;
    private readonly float[]? _sinusoids;

    /// <param name="c">The shape.</param>
    /// <param name="store">The parameters.</param>
    /// <param name="table">Name of the table of tokens.</param>
    /// <param name="positions">Name of the table of learned positions, if there is one.</param>
    /// <param name="index">Its number in the model, so that its dropout differs from that of others.</param>
    public FusedEmbedding(TransformerConfiguration c, ParameterStore store, string table, string positions, int index)
    {
        (_width, _index) = (c.Width, index);
        _scale = c.ScaleEmbedding ? (float)Math.Sqrt(c.Width) : 1;
        float* values = (float*)StableAbi.Data(store.Values), gradients = (float*)StableAbi.Data(store.Gradients);
        _table = values + store.Offset(table);
        _tableGradient = gradients + store.Offset(table);
        if (c.Positions == PositionEncoding.Learned)
        {
            _learned = values + store.Offset(positions);
            _learnedGradient = gradients + store.Offset(positions);
        }
        else if (c.Positions == PositionEncoding.Sinusoidal)
        {
            _sinusoids = Sinusoids.Table(c.MaximumLength, c.Width);
        }
    }

    /// <summary>output, [tokens, width] fp32.</summary>
    public void Forward(PackedBatch batch, PackedSentences sentences, Activation output)
    {
        uint seed = DropoutSeeds.Of(batch.Seed, _index, use: 3);
        TorchParallel.For(sentences.TokenCount, (_, begin, end) =>
        {
            for (int row = begin; row < end; row++)
            {
                Span<float> sum = output.Write(row, 0, _width, default);
                new ReadOnlySpan<float>(_table + ((long)sentences.Ids[row] * _width), _width).CopyTo(sum);
                if (_scale != 1)
                    Scaling.Apply(sum, _scale);
                long position = (long)sentences.Positions[row] * _width;
                if (_sinusoids is not null)
                    Addition.Accumulate(sum, _sinusoids.AsSpan((int)position, _width));
                else if (_learned != null)
                    Addition.Accumulate(sum, new ReadOnlySpan<float>(_learned + position, _width));
                if (batch.Dropout > 0)
                    Dropout.Apply(sum, batch.Dropout, seed, (uint)(row * _width));
            }
        });
    }

    /// <summary>Adds the tables' gradients; the output's gradient is used up.</summary>
    public void Backward(PackedBatch batch, PackedSentences sentences, Activation gradient)
    {
        uint seed = DropoutSeeds.Of(batch.Seed, _index, use: 3);
        // Rows of a table may repeat, columns do not: each part takes some columns of every row.
        if (batch.Dropout > 0)
        {
            TorchParallel.For(sentences.TokenCount, (_, begin, end) =>
            {
                for (int row = begin; row < end; row++)
                    Dropout.Apply(gradient.Change(row, 0, _width, default), batch.Dropout, seed, (uint)(row * _width));
            });
        }

        TorchParallel.For(_width, (_, begin, end) =>
        {
            for (int row = 0; row < sentences.TokenCount; row++)
            {
                Span<float> values = gradient.Change(row, begin, end - begin, default);
                if (_learned != null)
                    Addition.Accumulate(new Span<float>(_learnedGradient + ((long)sentences.Positions[row] * _width) + begin, end - begin), values);
                if (_scale != 1)
                    Scaling.Apply(values, _scale);
                Addition.Accumulate(new Span<float>(_tableGradient + ((long)sentences.Ids[row] * _width) + begin, end - begin), values);
            }
        });
    }
}
