using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// One recurrent layer, forward and backward through time. The input's product is one matrix product for all steps and so are the
/// gradients of both weights; only the state's product has to wait for the step before. Rows of a batch never meet in a layer, so each
/// thread takes some rows through all steps and no thread waits for another.
/// </summary>
internal sealed unsafe class FusedRecurrentLayer : IDisposable
{
    private readonly RecurrentCell _cell;
    private readonly int _layer;
    private readonly int _width;
    private readonly int _gateWidth;
    private readonly FusedLinear? _input; // null where the input is one-hot
    private readonly float* _weight;      // of the state, [gates, width]
    private readonly Tensor _weightGradient;
    private readonly float* _inputBias;
    private readonly float* _stateBias;
    private readonly ColumnSums? _inputBiasGradient;
    private readonly ColumnSums? _stateBiasGradient;
    private readonly float[] _bias;         // added to the input's product
    private readonly float[] _dropped;      // the weights after weight-drop
    private readonly PackedMatrix _forward; // [width, gates]
    private readonly PackedMatrix _backward; // [gates, width]
    private readonly Activation _hidden = new(ScalarType.Float32);
    private readonly Activation _memory = new(ScalarType.Float32);
    private readonly Activation _candidate = new(ScalarType.Float32);
    private readonly Activation _stateGradient = new(ScalarType.Float32);
    private readonly Activation _product = new(ScalarType.Float32);

    public FusedRecurrentLayer(RecurrentConfiguration configuration, ParameterStore store, int layer)
    {
        (_cell, _layer, _width) = (configuration.Cell, layer, configuration.HiddenWidth);
        _gateWidth = configuration.Cell.GateCount() * _width;
        string input = $"rnn.weight_ih_l{layer}", state = $"rnn.weight_hh_l{layer}";
        int inputWidth = layer == 0 ? configuration.InputWidth : _width;
        if (layer > 0 || configuration.EmbeddingWidth > 0)
            _input = new FusedLinear(store, store.Values, input, null, inputWidth, _gateWidth);
        float* values = (float*)StableAbi.Data(store.Values), gradients = (float*)StableAbi.Data(store.Gradients);
        _weight = values + store.Offset(state);
        using (IDisposable detached = no_grad())
        using (Tensor part = store.Gradients.narrow(0, store.Offset(state), (long)_gateWidth * _width))
            _weightGradient = part.view(_gateWidth, _width).DetachFromDisposeScope();
        _bias = new float[_gateWidth];
        if (configuration.Bias)
        {
            (string inputBias, string stateBias) = ($"rnn.bias_ih_l{layer}", $"rnn.bias_hh_l{layer}");
            _inputBias = values + store.Offset(inputBias);
            _stateBias = values + store.Offset(stateBias);
            _inputBiasGradient = new ColumnSums(gradients + store.Offset(inputBias), _gateWidth);
            _stateBiasGradient = new ColumnSums(gradients + store.Offset(stateBias), _gateWidth);
        }

        _dropped = configuration.WeightDrop > 0 ? new float[_gateWidth * _width] : [];
        _forward = PackedMatrix.FromOutputRows(Weight, _gateWidth, _width);
        _backward = PackedMatrix.FromInputRows(Weight, _gateWidth, _width);
    }

    /// <summary>Sums of the gates, then their activations, then the gradients of the sums, [tokens, gates · width].</summary>
    public Activation Gates { get; } = new(ScalarType.Float32);

    private ReadOnlySpan<float> Weight => new(_weight, _gateWidth * _width);

    /// <summary>The hidden states after each step, [tokens, width]. The caller disposes the tensor.</summary>
    public Tensor Output(RecurrentBatch batch) => _hidden.Tensor.narrow(0, batch.Rows, batch.TokenCount);

    /// <summary>The hidden state after a step.</summary>
    public Span<float> Output(RecurrentBatch batch, int token) => Row(_hidden, batch.Rows + token);

    /// <summary>
    /// All steps.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="input">[tokens, input width]; null where the caller has written the product with a one-hot input into <see cref="Gates"/>.</param>
    /// <param name="dropout">Of this batch.</param>
    /// <param name="state">Carried; the state after the last step is written back.</param>
    /// <param name="withGradients">Whether <see cref="Backward"/> follows.</param>
    public void Forward(RecurrentBatch batch, Tensor? input, RecurrentDropout dropout, RecurrentState state, bool withGradients)
    {
        (int rows, int steps) = (batch.Rows, batch.Length);
        _hidden.Resize(batch.TokenCount + rows, _width);
        if (_cell == RecurrentCell.Lstm)
            _memory.Resize(batch.TokenCount + rows, _width);
        if (_cell == RecurrentCell.Gru)
            _candidate.Resize(batch.TokenCount, _width);
        Gates.Resize(batch.TokenCount, _gateWidth);
        if (input is not null)
            _input!.Forward(input, Gates.Tensor);
        PrepareWeights(dropout, withGradients);
        PrepareBias();
        Carried(state.Hidden, rows).CopyTo(Rows(_hidden, 0, rows));
        if (_cell == RecurrentCell.Lstm)
            Carried(state.Memory!, rows).CopyTo(Rows(_memory, 0, rows));
        TorchParallel.For(rows, (_, begin, end) =>
        {
            float[] scratch = new float[(end - begin) * (_width + _gateWidth)];
            for (int step = 0; step < steps; step++)
                Step(batch, step, begin, end, scratch);
        });
        Rows(_hidden, batch.TokenCount, rows).CopyTo(Carried(state.Hidden, rows));
        if (_cell == RecurrentCell.Lstm)
            Rows(_memory, batch.TokenCount, rows).CopyTo(Carried(state.Memory!, rows));
    }

    /// <summary>
    /// Back through all steps: adds the gradients of the weights and biases, and writes the input's.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="input">As it was given to <see cref="Forward"/>.</param>
    /// <param name="dropout">Of this batch.</param>
    /// <param name="outputGradient">Gradient of the hidden states, [tokens, width].</param>
    /// <param name="inputGradient">Receives [tokens, input width]; null with a one-hot input, whose gradient the caller takes from <see cref="Gates"/>.</param>
    public void Backward(RecurrentBatch batch, Tensor? input, RecurrentDropout dropout, Activation outputGradient, Tensor? inputGradient)
    {
        bool gru = _cell == RecurrentCell.Gru;
        if (gru)
            _stateGradient.Resize(batch.TokenCount, _gateWidth);
        TorchParallel.For(batch.Rows, (part, begin, end) =>
        {
            float[] hiddenGradient = new float[(end - begin) * _width], memoryGradient = new float[(end - begin) * _width];
            for (int step = batch.Length - 1; step >= 0; step--)
                StepBack(batch, step, begin, end, outputGradient, hiddenGradient, memoryGradient);
        });
        Activation stateGradient = gru ? _stateGradient : Gates;
        if (_inputBiasGradient is not null)
        {
            TorchParallel.For(batch.TokenCount, (part, begin, end) =>
            {
                for (int row = begin; row < end; row++)
                {
                    _inputBiasGradient.Add(part, Row(Gates, row));
                    _stateBiasGradient!.Add(part, Row(stateGradient, row));
                }
            });
            _inputBiasGradient.Finish();
            _stateBiasGradient!.Finish();
        }

        // The output of the step before a start is no longer needed, and as the start's state it was zero.
        for (int token = 0; batch.Starts is not null && token < batch.TokenCount; token++)
        {
            if (batch.Starts[token])
                Row(_hidden, token).Clear();
        }

        using Tensor previous = _hidden.FirstRows(batch.TokenCount);
        using Tensor transposed = stateGradient.Tensor.t();
        if (dropout.DropsWeights)
        {
            FusedOperators.MatrixMultiplyInto(_product.Resize(_gateWidth, _width).Tensor, transposed, previous);
            dropout.ApplyToWeights(_layer, new Span<float>(_product.Float32, _gateWidth * _width));
            _weightGradient.add_(_product.Tensor, Scalars.One);
        }
        else
        {
            _weightGradient.addmm_(transposed, previous);
        }

        if (input is not null)
            _input!.Backward(input, Gates.Tensor, inputGradient!);
    }

    public void Dispose()
    {
        foreach (Activation activation in (Activation[])[Gates, _hidden, _memory, _candidate, _stateGradient, _product])
            activation.Dispose();
        _weightGradient.Dispose();
    }

    private void Step(RecurrentBatch batch, int step, int begin, int end, float[] scratch)
    {
        int count = end - begin, first = (step * batch.Rows) + begin;
        ReadOnlySpan<float> previous = Rows(_hidden, first, count);
        if (batch.AnyStarts(step, begin, end))
        {
            Span<float> kept = scratch.AsSpan(0, count * _width);
            previous.CopyTo(kept);
            for (int row = 0; row < count; row++)
                if (batch.Starts![first + row])
                    kept.Slice(row * _width, _width).Clear();
            previous = kept;
        }

        Span<float> recurrent = default;
        if (_cell == RecurrentCell.Gru)
        {
            recurrent = scratch.AsSpan(count * _width, count * _gateWidth);
            Gemm.Multiply(previous, count, _forward, _stateBias == null ? [] : new ReadOnlySpan<float>(_stateBias, _gateWidth), recurrent);
        }
        else
        {
            Gemm.Accumulate(previous, count, _forward, Rows(Gates, first, count));
        }

        for (int row = 0; row < count; row++)
        {
            int token = first + row, next = batch.Rows + token;
            Span<float> gates = Row(Gates, token), hidden = Row(_hidden, next);
            if (_inputBias != null)
                Addition.Accumulate(gates, _bias);
            switch (_cell)
            {
                case RecurrentCell.Lstm:
                    Span<float> memory = Row(_memory, next);
                    if (batch.Starts is not null && batch.Starts[token])
                        memory.Clear();
                    else
                        Row(_memory, token).CopyTo(memory);
                    LstmCell.Apply(gates, memory, hidden);
                    break;
                case RecurrentCell.Gru:
                    Span<float> sums = recurrent.Slice(row * _gateWidth, _gateWidth);
                    sums[(2 * _width)..].CopyTo(Row(_candidate, token));
                    GruCell.Apply(gates, sums, previous.Slice(row * _width, _width), hidden);
                    break;
                default:
                    gates.CopyTo(hidden);
                    if (_cell == RecurrentCell.RnnTanh)
                        Tanh.Apply(hidden);
                    else
                        Relu.Apply(hidden);
                    break;
            }
        }
    }

    private void StepBack(
        RecurrentBatch batch, int step, int begin, int end, Activation outputGradient, float[] hiddenGradient, float[] memoryGradient)
    {
        int count = end - begin, first = (step * batch.Rows) + begin;
        bool gru = _cell == RecurrentCell.Gru;
        Addition.Accumulate(hiddenGradient, Rows(outputGradient, first, count));
        Span<float> zero = batch.AnyStarts(step, begin, end) ? new float[_width] : default;
        for (int row = 0; row < count; row++)
        {
            int token = first + row, next = batch.Rows + token;
            bool starts = batch.Starts is not null && batch.Starts[token];
            Span<float> hidden = hiddenGradient.AsSpan(row * _width, _width);
            switch (_cell)
            {
                case RecurrentCell.Lstm:
                    Span<float> memory = memoryGradient.AsSpan(row * _width, _width);
                    LstmCellGradient.Apply(Row(Gates, token), starts ? zero : Row(_memory, token), Row(_memory, next), hidden, memory);
                    if (starts)
                        memory.Clear();
                    break;
                case RecurrentCell.Gru:
                    GruCellGradient.Apply(
                        Row(Gates, token), Row(_candidate, token), starts ? zero : Row(_hidden, token), hidden, Row(_stateGradient, token), hidden);
                    break;
                case RecurrentCell.RnnTanh:
                    ElmanCellGradient.ApplyTanh(Row(_hidden, next), hidden, Row(Gates, token));
                    break;
                default:
                    ElmanCellGradient.ApplyRelu(Row(_hidden, next), hidden, Row(Gates, token));
                    break;
            }
        }

        if (step == 0)
            return; // the state before the batch is a constant
        if (gru)
            Gemm.Accumulate(Rows(_stateGradient, first, count), count, _backward, hiddenGradient);
        else
            Gemm.Multiply(Rows(Gates, first, count), count, _backward, [], hiddenGradient);
        for (int row = 0; row < count && batch.Starts is not null; row++)
        {
            if (batch.Starts[first + row])
                hiddenGradient.AsSpan(row * _width, _width).Clear();
        }
    }

    private void PrepareWeights(RecurrentDropout dropout, bool withGradients)
    {
        ReadOnlySpan<float> weight = Weight;
        if (dropout.DropsWeights)
        {
            weight.CopyTo(_dropped);
            dropout.ApplyToWeights(_layer, _dropped);
            weight = _dropped;
        }

        _forward.SetOutputRows(weight);
        if (withGradients)
            _backward.SetInputRows(weight);
    }

    // A GRU's state bias goes through the reset gate; of the others both are one sum.
    private void PrepareBias()
    {
        if (_inputBias == null)
            return;
        new ReadOnlySpan<float>(_inputBias, _gateWidth).CopyTo(_bias);
        if (_cell != RecurrentCell.Gru)
            Addition.Accumulate(_bias, new ReadOnlySpan<float>(_stateBias, _gateWidth));
    }

    private Span<float> Carried(Tensor state, int rows) =>
        new((float*)StableAbi.Data(state) + ((long)_layer * rows * _width), rows * _width);

    private static Span<float> Row(Activation matrix, int row) => Rows(matrix, row, 1);

    private static Span<float> Rows(Activation matrix, int row, int count) =>
        new(matrix.Float32 + ((long)row * matrix.Columns), count * matrix.Columns);
}
