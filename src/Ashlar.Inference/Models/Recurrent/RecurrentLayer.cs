using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Recurrent;

/// <summary>
/// One recurrent layer over any number of sequences side by side. What depends on the input alone is computed for many steps
/// at once (<see cref="Project"/>); what depends on the state goes step by step.
/// </summary>
internal sealed class RecurrentLayer
{
    private readonly RecurrentCell _cell;
    private readonly PackedMatrix _recurrent;
    private readonly float[]? _recurrentBias;
    private readonly Linear? _input;

    /// <param name="cell">The cell.</param>
    /// <param name="input">The input's projection to the gates; null where another computes it.</param>
    /// <param name="recurrent">[hidden, gates * hidden].</param>
    /// <param name="recurrentBias">[gates * hidden] of a GRU with biases; other cells have it in the input's bias.</param>
    public RecurrentLayer(RecurrentCell cell, Linear? input, PackedMatrix recurrent, float[]? recurrentBias) =>
        (_cell, _input, _recurrent, _recurrentBias) = (cell, input, recurrent, recurrentBias);

    /// <summary>Width of the hidden state.</summary>
    public int Width => _recurrent.K;

    /// <summary>Width of all gates together.</summary>
    public int GateWidth => _recurrent.N;

    /// <summary>Working space a row of <see cref="Step"/> needs.</summary>
    public int ScratchWidth => _cell == RecurrentCell.Gru ? GateWidth : 0;

    /// <summary>Reads a layer under the names of PyTorch's modules.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="inputWidth">Width of the input.</param>
    /// <param name="hiddenWidth">Width of the hidden state.</param>
    /// <param name="bias">Whether there are biases.</param>
    /// <param name="prefix">What stands before <c>weight_ih</c>, such as <c>rnn.</c>.</param>
    /// <param name="suffix">What stands after it, such as <c>_l0</c>.</param>
    /// <param name="read">Reads the tensors.</param>
    public static RecurrentLayer Load(
        RecurrentCell cell, int inputWidth, int hiddenWidth, bool bias, string prefix, string suffix, TensorReader read)
    {
        int gateWidth = cell.GateCount() * hiddenWidth;
        float[] weight = new float[checked(gateWidth * inputWidth)];
        read($"{prefix}weight_ih{suffix}", weight);
        Linear input = new(PackedMatrix.FromOutputRows(weight, gateWidth, inputWidth), InputBias(cell, gateWidth, bias, prefix, suffix, read));
        return WithoutInput(cell, input, hiddenWidth, bias, prefix, suffix, read);
    }

    /// <summary>Reads a layer whose input another projects (<see cref="TokenInput"/>).</summary>
    public static RecurrentLayer WithoutInput(
        RecurrentCell cell, Linear? input, int hiddenWidth, bool bias, string prefix, string suffix, TensorReader read)
    {
        int gateWidth = cell.GateCount() * hiddenWidth;
        float[] weight = new float[checked(gateWidth * hiddenWidth)];
        read($"{prefix}weight_hh{suffix}", weight);
        float[]? recurrentBias = null;
        if (bias && cell == RecurrentCell.Gru)
            read($"{prefix}bias_hh{suffix}", recurrentBias = new float[gateWidth]);
        return new(cell, input, PackedMatrix.FromOutputRows(weight, gateWidth, hiddenWidth), recurrentBias);
    }

    /// <summary>
    /// The bias of the input's projection. Both biases are added to the same sum, except in a GRU, whose reset gate scales
    /// the recurrent one.
    /// </summary>
    public static float[]? InputBias(RecurrentCell cell, int gateWidth, bool bias, string prefix, string suffix, TensorReader read)
    {
        if (!bias)
            return null;
        float[] sum = new float[gateWidth];
        read($"{prefix}bias_ih{suffix}", sum);
        if (cell != RecurrentCell.Gru)
        {
            float[] recurrent = new float[gateWidth];
            read($"{prefix}bias_hh{suffix}", recurrent);
            Addition.Accumulate(sum, recurrent);
        }

        return sum;
    }

    /// <summary>W x + b of any number of rows and steps.</summary>
    /// <param name="input">[rows, input].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="gates">Receives [rows, gates * hidden].</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Project(ReadOnlySpan<float> input, int rows, Span<float> gates, WorkerPool pool) =>
        (_input ?? throw new InvalidOperationException("This layer's input is projected by another.")).Apply(input, rows, gates, pool);

    /// <summary>One step of every row.</summary>
    /// <param name="rows">Number of sequences.</param>
    /// <param name="gates">[rows, gates * hidden] as <see cref="Project"/> left it; receives the gates' activations.</param>
    /// <param name="previous">[rows, hidden]: the hidden states before.</param>
    /// <param name="memory">[rows, hidden] of an LSTM: the cell states, updated; otherwise empty.</param>
    /// <param name="hidden">Receives [rows, hidden]; apart from <paramref name="previous"/>.</param>
    /// <param name="scratch">Working space of <see cref="ScratchWidth"/> values a row.</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Step(
        int rows,
        Span<float> gates,
        ReadOnlySpan<float> previous,
        Span<float> memory,
        Span<float> hidden,
        Span<float> scratch,
        WorkerPool pool)
    {
        int width = Width, gateWidth = GateWidth;
        if (_cell == RecurrentCell.Gru)
        {
            Gemm.Multiply(previous, rows, _recurrent, _recurrentBias, scratch, pool);
            for (int row = 0; row < rows; row++)
            {
                GruCell.Apply(
                    gates.Slice(row * gateWidth, gateWidth),
                    scratch.Slice(row * gateWidth, gateWidth),
                    previous.Slice(row * width, width),
                    hidden.Slice(row * width, width));
            }

            return;
        }

        Gemm.Accumulate(previous, rows, _recurrent, gates, pool);
        if (_cell == RecurrentCell.Lstm)
        {
            for (int row = 0; row < rows; row++)
                LstmCell.Apply(gates.Slice(row * gateWidth, gateWidth), memory.Slice(row * width, width), hidden.Slice(row * width, width));
            return;
        }

        // Row by row, so that a unit's arithmetic does not depend on the rows beside it.
        for (int at = 0; at < rows * width; at += width)
        {
            Span<float> units = gates.Slice(at, width);
            if (_cell == RecurrentCell.RnnTanh)
                Tanh.Apply(units);
            else
                Relu.Apply(units);
            units.CopyTo(hidden[at..]);
        }
    }
}
