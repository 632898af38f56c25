using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Training;

/// <summary>The peer: a word language model as TorchSharp's users write it, from <c>nn.Embedding</c>, <c>nn.LSTM</c> and <c>nn.Linear</c>, in fp32.</summary>
internal sealed class PlainLstm : Module<Tensor, (Tensor Hidden, Tensor Memory), (Tensor Logits, Tensor Hidden, Tensor Memory)>
{
    private readonly Embedding _encoder;
    private readonly LSTM _rnn;
    private readonly Linear _decoder;

    public PlainLstm(int vocabulary, int width, int layers)
        : base(nameof(PlainLstm))
    {
        _encoder = Embedding(vocabulary, width);
        _rnn = LSTM(width, width, layers);
        _decoder = Linear(width, vocabulary);
        RegisterComponents();
    }

    /// <summary>[length, rows] and a state to [length, rows, vocabulary] and the next state.</summary>
    public override (Tensor Logits, Tensor Hidden, Tensor Memory) forward(Tensor tokens, (Tensor Hidden, Tensor Memory) state)
    {
        (Tensor output, Tensor hidden, Tensor memory) = _rnn.call(_encoder.call(tokens), state);
        return (_decoder.call(output), hidden, memory);
    }
}
