using System.Runtime.InteropServices;
using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// Embedding and recurrent layers written with torch's own operators, which differentiate themselves and run on every device. The
/// definition that the fused pass is compared with.
/// </summary>
internal sealed class RecurrentLayers(RecurrentConfiguration configuration, ParameterStore store, RecurrentDropout dropout)
{
    /// <summary>The last layer's hidden states after dropout, [length, rows, width]; the state goes on.</summary>
    public Tensor Forward(RecurrentState state, Tensor inputs, Tensor? positions)
    {
        Tensor byTime = inputs.t();
        Tensor x = configuration.EmbeddingWidth == 0 ? OneHot(byTime) : Embed(byTime);
        Tensor? kept = positions?.t().ne(0).to(ScalarType.Float32).unsqueeze(-1); // 0 where the state starts anew
        for (int layer = 0; layer < configuration.LayerCount; layer++)
        {
            x = Layer(x, kept, state, layer);
            bool last = layer == configuration.LayerCount - 1;
            x = Drop(x, last ? DropoutPlace.Outputs : DropoutPlace.Layers, layer);
        }

        return x;
    }

    private Tensor OneHot(Tensor byTime)
    {
        Tensor x = functional.one_hot(byTime, configuration.VocabularySize).to(ScalarType.Float32);
        return Drop(x, DropoutPlace.Inputs, 0);
    }

    private Tensor Embed(Tensor byTime)
    {
        Tensor flat = byTime.reshape(-1);
        Tensor x = store["encoder.weight"].Value.index_select(0, flat);
        float[] scales = [.. flat.cpu().data<long>().ToArray().Select(token => dropout.Embedding((int)token))];
        if (scales.Any(scale => scale != 1))
            x = x * tensor(scales, [scales.Length, 1], device: x.device);
        return Drop(x.view(byTime.shape[0], byTime.shape[1], -1), DropoutPlace.Inputs, 0);
    }

    private Tensor Layer(Tensor x, Tensor? kept, RecurrentState state, int layer)
    {
        Tensor weight = store[$"rnn.weight_hh_l{layer}"].Value;
        if (dropout.DropsWeights)
            weight = weight * Mask(weight.shape, weight.device, values => dropout.ApplyToWeights(layer, values));
        Tensor? stateBias = configuration.Bias ? store[$"rnn.bias_hh_l{layer}"].Value : null;
        Tensor products = functional.linear(
            x, store[$"rnn.weight_ih_l{layer}"].Value, configuration.Bias ? store[$"rnn.bias_ih_l{layer}"].Value : null);
        Tensor h = state.Hidden[layer].clone();
        Tensor? c = state.Memory?[layer].clone();
        List<Tensor> outputs = [];
        for (long step = 0; step < x.shape[0]; step++)
        {
            if (kept is not null)
            {
                h = h * kept[step];
                c = c is null ? null : c * kept[step];
            }

            Tensor recurrent = functional.linear(h, weight, stateBias);
            (h, c) = configuration.Cell switch
            {
                RecurrentCell.Lstm => Lstm(products[step] + recurrent, c!),
                RecurrentCell.Gru => (Gru(products[step], recurrent, h), null),
                RecurrentCell.RnnTanh => ((products[step] + recurrent).tanh(), null),
                _ => ((products[step] + recurrent).relu(), (Tensor?)null),
            };
            outputs.Add(h);
        }

        using (no_grad())
        {
            state.Hidden[layer].copy_(h.detach());
            if (c is not null)
                state.Memory![layer].copy_(c.detach());
        }

        return stack(outputs);
    }

    private static (Tensor Hidden, Tensor? Memory) Lstm(Tensor sums, Tensor memory)
    {
        Tensor[] gates = sums.chunk(4, dim: -1);
        Tensor next = (gates[1].sigmoid() * memory) + (gates[0].sigmoid() * gates[2].tanh());
        return (gates[3].sigmoid() * next.tanh(), next);
    }

    private static Tensor Gru(Tensor input, Tensor recurrent, Tensor hidden)
    {
        Tensor[] x = input.chunk(3, dim: -1), u = recurrent.chunk(3, dim: -1);
        Tensor update = (x[1] + u[1]).sigmoid();
        Tensor candidate = (x[2] + ((x[0] + u[0]).sigmoid() * u[2])).tanh();
        return candidate + (update * (hidden - candidate));
    }

    private Tensor Drop(Tensor x, DropoutPlace place, int layer)
    {
        if (!dropout.Drops(place))
            return x;
        (int rows, int width) = ((int)x.shape[1], (int)x.shape[2]);
        return x * Mask(x.shape, x.device, values =>
        {
            for (int at = 0; at < values.Length / width; at++)
                dropout.Apply(place, layer, at / rows, at % rows, values.Slice(at * width, width));
        });
    }

    private static Tensor Mask(long[] shape, Device device, Drops drop)
    {
        Tensor mask = ones(shape, ScalarType.Float32, CPU);
        drop(MemoryMarshal.Cast<byte, float>(mask.bytes));
        return mask.to(device);
    }

    private delegate void Drops(Span<float> values);
}
