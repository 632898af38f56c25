namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// The recurrent cells, with the equations and the order of gates of PyTorch's <c>nn.RNN</c>, <c>nn.LSTM</c> and
/// <c>nn.GRU</c>. Here x is the input, h the hidden state, W and b of the input, U and d of the state.
/// </summary>
public enum RecurrentCell
{
    /// <summary>h' = tanh(W x + b + U h + d) (Elman 1990, "Finding Structure in Time").</summary>
    RnnTanh,

    /// <summary>h' = max(0, W x + b + U h + d).</summary>
    RnnRelu,

    /// <summary>
    /// Gates i, f, g, o, one above the other: c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c')
    /// (Hochreiter and Schmidhuber 1997; the forget gate of Gers et al. 2000).
    /// </summary>
    Lstm,

    /// <summary>
    /// Gates r, z, n, one above the other: n = tanh(W_n x + b_n + sigmoid(r) (U_n h + d_n)); h' = (1 - sigmoid(z)) n + sigmoid(z) h
    /// (Cho et al. 2014, with the reset gate after the product as in cuDNN).
    /// </summary>
    Gru,
}

/// <summary>What follows from the kind of a cell.</summary>
public static class RecurrentCells
{
    /// <summary>Blocks of hidden-width rows in a weight matrix: 1, 4 of an LSTM, 3 of a GRU.</summary>
    public static int GateCount(this RecurrentCell cell) => cell switch
    {
        RecurrentCell.Lstm => 4,
        RecurrentCell.Gru => 3,
        _ => 1,
    };

    /// <summary>Vectors of hidden width that a layer carries from one step to the next: 2 of an LSTM (h, c), else 1.</summary>
    public static int StateCount(this RecurrentCell cell) => cell == RecurrentCell.Lstm ? 2 : 1;

    /// <summary>The name in files and recipes: <c>rnn-tanh</c>, <c>rnn-relu</c>, <c>lstm</c>, <c>gru</c>.</summary>
    public static string Name(this RecurrentCell cell) => cell switch
    {
        RecurrentCell.RnnTanh => "rnn-tanh",
        RecurrentCell.RnnRelu => "rnn-relu",
        RecurrentCell.Lstm => "lstm",
        _ => "gru",
    };

    /// <summary>The cell of a name.</summary>
    /// <exception cref="InvalidDataException">No such name; the sentence lists them.</exception>
    public static RecurrentCell Parse(string name) => name switch
    {
        "rnn-tanh" => RecurrentCell.RnnTanh,
        "rnn-relu" => RecurrentCell.RnnRelu,
        "lstm" => RecurrentCell.Lstm,
        "gru" => RecurrentCell.Gru,
        _ => throw new InvalidDataException($"cell is '{name}'; expected rnn-tanh, rnn-relu, lstm or gru."),
    };
}
