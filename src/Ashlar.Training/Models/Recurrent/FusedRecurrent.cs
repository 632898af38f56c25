using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// A recurrent language model's forward and backward pass through time on the CPU without automatic differentiation. It computes the
/// same loss and gradients as <see cref="RecurrentLanguageModel"/>'s operators, which the tests compare.
/// </summary>
internal sealed unsafe class FusedRecurrent : IDisposable
{
    private readonly RecurrentConfiguration _configuration;
    private readonly ParameterStore _store;
    private readonly Tensor _products;
    private readonly FusedRecurrentLayer[] _layers;
    private readonly FusedHead _head;
    private readonly Activation[] _inputs;    // of each layer, where it is not the layer below's output itself
    private readonly Activation _output = new(ScalarType.Float32);
    private readonly Activation _gradient = new(ScalarType.Float32);
    private readonly Activation _inputGradient = new(ScalarType.Float32);
    private readonly Activation _columns = new(ScalarType.Float32); // a one-hot input's weight, transposed, and then its gradient

    public FusedRecurrent(RecurrentConfiguration configuration, ParameterStore store, ComputeType computeType)
    {
        (_configuration, _store) = (configuration, store);
        ScalarType type = computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        _products = type == ScalarType.Float32 ? store.Values : empty([store.Count], type, CPU).DetachFromDisposeScope();
        _layers = [.. Enumerable.Range(0, configuration.LayerCount).Select(layer => new FusedRecurrentLayer(configuration, store, layer))];
        _inputs = [.. _layers.Select(_ => new Activation(ScalarType.Float32))];
        _head = new FusedHead(
            store,
            _products,
            null,
            configuration.TieEmbeddings ? "encoder.weight" : "decoder.weight",
            configuration.HiddenWidth,
            configuration.VocabularySize,
            configuration.ProjectionBias ? "decoder.bias" : null);
    }

    private bool OneHot => _configuration.EmbeddingWidth == 0;

    /// <summary>The sum of the losses, and, where wanted, their gradients added to the gradient buffer; the state goes on.</summary>
    public double Loss(RecurrentBatch batch, RecurrentDropout dropout, RecurrentState state, bool withGradients)
    {
        using IDisposable detached = no_grad();
        if (!ReferenceEquals(_products, _store.Values))
            _products.copy_(_store.Values);
        if (OneHot)
            OneHotProduct(batch, dropout);
        else
            Embed(batch, dropout);
        Tensor?[] inputs = new Tensor?[_layers.Length];
        try
        {
            for (int layer = 0; layer < _layers.Length; layer++)
            {
                inputs[layer] = Input(batch, dropout, layer);
                _layers[layer].Forward(batch, inputs[layer], dropout, state, withGradients);
            }

            Hand(batch, dropout, DropoutPlace.Outputs, _layers.Length - 1, _output);
            if (!withGradients)
                return _head.Loss(_output, batch.Targets, null);
            double loss = _head.Loss(_output, batch.Targets, _gradient.Resize(batch.TokenCount, _configuration.HiddenWidth));
            Backward(batch, dropout, inputs);
            return loss;
        }
        finally
        {
            foreach (Tensor? input in inputs)
                input?.Dispose();
        }
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_products, _store.Values))
            _products.Dispose();
        foreach (IDisposable part in (IEnumerable<IDisposable>)[.. _layers, .. _inputs, _head, _output, _gradient, _inputGradient, _columns])
            part.Dispose();
    }

    private void Backward(RecurrentBatch batch, RecurrentDropout dropout, Tensor?[] inputs)
    {
        Activation gradient = _gradient, below = _inputGradient;
        Drop(batch, dropout, DropoutPlace.Outputs, _layers.Length - 1, gradient);
        for (int layer = _layers.Length - 1; layer >= 0; layer--)
        {
            if (inputs[layer] is not { } input)
            {
                _layers[layer].Backward(batch, null, dropout, gradient, null);
                OneHotGradient(batch, dropout);
                return;
            }

            below.Resize(batch.TokenCount, (int)input.shape[1]);
            _layers[layer].Backward(batch, input, dropout, gradient, below.Tensor);
            Drop(batch, dropout, layer == 0 ? DropoutPlace.Inputs : DropoutPlace.Layers, Math.Max(0, layer - 1), below);
            (gradient, below) = (below, gradient);
        }

        EmbedGradient(batch, dropout, gradient);
    }

    // A layer's input: null where it is one-hot, the output of the layer below itself where nothing is dropped from it.
    private Tensor? Input(RecurrentBatch batch, RecurrentDropout dropout, int layer)
    {
        if (layer == 0)
            return OneHot ? null : _inputs[0].FirstRows(batch.TokenCount);
        if (!dropout.Drops(DropoutPlace.Layers))
            return _layers[layer - 1].Output(batch);
        Hand(batch, dropout, DropoutPlace.Layers, layer - 1, _inputs[layer]);
        return _inputs[layer].FirstRows(batch.TokenCount);
    }

    // A layer's output, copied and dropped from.
    private void Hand(RecurrentBatch batch, RecurrentDropout dropout, DropoutPlace place, int layer, Activation target)
    {
        int width = _configuration.HiddenWidth;
        target.Resize(batch.TokenCount, width);
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            for (int token = begin; token < end; token++)
            {
                Span<float> values = target.Write(token, 0, width, default);
                _layers[layer].Output(batch, token).CopyTo(values);
                dropout.Apply(place, layer, token / batch.Rows, token % batch.Rows, values);
            }
        });
    }

    private static void Drop(RecurrentBatch batch, RecurrentDropout dropout, DropoutPlace place, int layer, Activation values)
    {
        if (!dropout.Drops(place))
            return;
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            for (int token = begin; token < end; token++)
                dropout.Apply(place, layer, token / batch.Rows, token % batch.Rows, values.Change(token, 0, values.Columns, default));
        });
    }

    private void Embed(RecurrentBatch batch, RecurrentDropout dropout)
    {
        int width = _configuration.EmbeddingWidth;
        float* table = (float*)StableAbi.Data(_store.Values) + _store.Offset("encoder.weight");
        Activation output = _inputs[0].Resize(batch.TokenCount, width);
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            for (int token = begin; token < end; token++)
            {
                Span<float> values = output.Write(token, 0, width, default);
                new ReadOnlySpan<float>(table + ((long)batch.Inputs[token] * width), width).CopyTo(values);
                Scale(values, dropout.Embedding(batch.Inputs[token]));
                dropout.Apply(DropoutPlace.Inputs, 0, token / batch.Rows, token % batch.Rows, values);
            }
        });
    }

    private void EmbedGradient(RecurrentBatch batch, RecurrentDropout dropout, Activation gradient)
    {
        int width = _configuration.EmbeddingWidth;
        float* table = (float*)StableAbi.Data(_store.Gradients) + _store.Offset("encoder.weight");
        float[] scales = Array.ConvertAll(batch.Inputs, dropout.Embedding);

        // Rows of a table may repeat, columns do not: each part takes some columns of every row.
        TorchParallel.For(width, (_, begin, end) =>
        {
            for (int token = 0; token < batch.TokenCount; token++)
            {
                Span<float> values = gradient.Change(token, begin, end - begin, default);
                Scale(values, scales[token]);
                Addition.Accumulate(new Span<float>(table + ((long)batch.Inputs[token] * width) + begin, end - begin), values);
            }
        });
    }

    // The product of a one-hot vector is a column of the weight.
    private void OneHotProduct(RecurrentBatch batch, RecurrentDropout dropout)
    {
        using (Tensor weight = InputWeight(_store.Values))
        using (Tensor transposed = weight.t())
            _columns.Resize(_configuration.VocabularySize, (int)weight.shape[0]).Tensor.copy_(transposed);
        Activation gates = _layers[0].Gates.Resize(batch.TokenCount, _columns.Columns);
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            for (int token = begin; token < end; token++)
            {
                Span<float> sums = gates.Write(token, 0, gates.Columns, default);
                _columns.Read(batch.Inputs[token], 0, gates.Columns, default).CopyTo(sums);
                Scale(sums, dropout.OneHot(token / batch.Rows, token % batch.Rows, batch.Inputs[token], _configuration.VocabularySize));
            }
        });
    }

    private void OneHotGradient(RecurrentBatch batch, RecurrentDropout dropout)
    {
        Activation gates = _layers[0].Gates;
        _columns.Tensor.zero_();
        TorchParallel.For(gates.Columns, (_, begin, end) =>
        {
            for (int token = 0; token < batch.TokenCount; token++)
            {
                Span<float> sums = gates.Change(token, begin, end - begin, default);
                Scale(sums, dropout.OneHot(token / batch.Rows, token % batch.Rows, batch.Inputs[token], _configuration.VocabularySize));
                Addition.Accumulate(_columns.Change(batch.Inputs[token], begin, end - begin, default), sums);
            }
        });
        using Tensor weight = InputWeight(_store.Gradients);
        using Tensor transposed = _columns.Transposed;
        weight.add_(transposed, Scalars.One);
    }

    private Tensor InputWeight(Tensor buffer)
    {
        int rows = _configuration.Cell.GateCount() * _configuration.HiddenWidth;
        using Tensor part = buffer.narrow(0, _store.Offset("rnn.weight_ih_l0"), (long)rows * _configuration.VocabularySize);
        return part.view(rows, _configuration.VocabularySize);
    }

    private static void Scale(Span<float> values, float factor)
    {
        if (factor == 1)
            return;
        for (int i = 0; i < values.Length; i++)
            values[i] *= factor;
    }
}
