using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>One step of a recurrent layer, with the equations of <see cref="RecurrentCell"/>, in operators that differentiate themselves.</summary>
internal sealed class RecurrentCellSteps(RecurrentCell cell, ParameterStore store, string prefix, string suffix)
{
    private readonly Tensor _stateWeight = store[$"{prefix}weight_hh{suffix}"].Value;
    private readonly Tensor _stateBias = store[$"{prefix}bias_hh{suffix}"].Value;

    /// <summary>W of the input, [gates · hidden, input].</summary>
    public Tensor InputWeight { get; } = store[$"{prefix}weight_ih{suffix}"].Value;

    /// <summary>b, [gates · hidden].</summary>
    public Tensor InputBias { get; } = store[$"{prefix}bias_ih{suffix}"].Value;

    /// <summary>Width of the hidden state.</summary>
    public long Width => _stateWeight.shape[1];

    /// <summary>The next state.</summary>
    /// <param name="input">W x + b, [rows, gates · hidden].</param>
    /// <param name="hidden">[rows, hidden].</param>
    /// <param name="memory">c of an LSTM, [rows, hidden].</param>
    /// <param name="products">Of this pass.</param>
    public (Tensor Hidden, Tensor? Memory) Step(Tensor input, Tensor hidden, Tensor? memory, PassProducts products)
    {
        Tensor recurrent = products.Linear(hidden, _stateWeight, _stateBias);
        switch (cell)
        {
            case RecurrentCell.Lstm:
                Tensor[] gates = (input + recurrent).chunk(4, dim: -1);
                Tensor next = (gates[1].sigmoid() * memory!) + (gates[0].sigmoid() * gates[2].tanh());
                return (gates[3].sigmoid() * next.tanh(), next);
            case RecurrentCell.Gru:
                Tensor[] x = input.chunk(3, dim: -1), u = recurrent.chunk(3, dim: -1);
                Tensor update = (x[1] + u[1]).sigmoid();
                Tensor candidate = (x[2] + ((x[0] + u[0]).sigmoid() * u[2])).tanh();
                return (candidate + (update * (hidden - candidate)), null);
            case RecurrentCell.RnnTanh:
                return ((input + recurrent).tanh(), null);
            default:
                return (functional.relu(input + recurrent), null);
        }
    }
}
