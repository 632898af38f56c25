using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Generation;

/// <summary>
/// The peer: a character LSTM as TorchSharp's users write it, from its own modules, stepping token by token with the sampled
/// token's tensor as the next input.
/// </summary>
internal sealed class PlainLstm : Module<Tensor, Tensor>
{
    private readonly Embedding _embedding;
    private readonly LSTM _lstm;
    private readonly Linear _projection;
    private Tensor? _hidden;
    private Tensor? _memory;

    public PlainLstm(RecurrentConfiguration c)
        : base(nameof(PlainLstm))
    {
        _embedding = Embedding(c.VocabularySize, c.EmbeddingWidth);
        _lstm = LSTM(c.EmbeddingWidth, c.HiddenWidth, c.LayerCount);
        _projection = Linear(c.HiddenWidth, c.VocabularySize);
        RegisterComponents();
        eval();
    }

    /// <summary>The weights under the names of a checkpoint.</summary>
    public MemoryTensorSource Weights()
    {
        MemoryTensorSource source = new("TorchSharp");
        foreach ((string name, Tensor tensor) in state_dict())
        {
            string renamed = name.Replace("_embedding.", "encoder.").Replace("_projection.", "decoder.").Replace("_lstm.", "rnn.");
            source.Add(renamed, tensor.shape, tensor.data<float>().ToArray());
        }

        return source;
    }

    public void Reset() => _hidden = _memory = null;

    /// <summary>[1, 1] token to [vocabulary] logits; the state moves on.</summary>
    public override Tensor forward(Tensor token)
    {
        Tensor x = _embedding.forward(token);
        (Tensor output, Tensor hidden, Tensor memory) = _hidden is null ? _lstm.forward(x) : _lstm.forward(x, (_hidden, _memory!));
        _hidden?.Dispose();
        _memory?.Dispose();
        (_hidden, _memory) = (hidden.DetachFromDisposeScope(), memory.DetachFromDisposeScope());
        return _projection.forward(output).view(-1);
    }

    /// <summary>Generates tokens; with the likeliest, or drawn from the distribution.</summary>
    public int[] Generate(int first, int count, bool greedy)
    {
        using IDisposable inference = inference_mode();
        using DisposeScope all = NewDisposeScope();
        Reset();
        int[] tokens = new int[count];
        Tensor token = tensor(new long[] { first }).view(1, 1);
        for (int i = 0; i < count; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor logits = forward(token);
            Tensor next = greedy ? logits.argmax() : multinomial(functional.softmax(logits, 0), 1);
            tokens[i] = (int)next.item<long>();
            token.Dispose();
            token = next.view(1, 1).MoveToOuterDisposeScope();
        }

        return tokens;
    }
}
