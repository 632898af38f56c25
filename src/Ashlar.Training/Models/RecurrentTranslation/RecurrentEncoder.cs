using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>What a decoder knows of the sources.</summary>
/// <param name="Memory">m, the encoder's outputs, [rows, length, memory width]; 0 where there is padding.</param>
/// <param name="Hidden">Last hidden state of each encoder layer, directions side by side, [rows, width].</param>
/// <param name="Cells">Last c of each layer, of an LSTM.</param>
/// <param name="Mask">True where a token is, [rows, length].</param>
/// <param name="Lengths">Tokens of each row.</param>
internal sealed record EncodedSources(Tensor Memory, IReadOnlyList<Tensor> Hidden, IReadOnlyList<Tensor> Cells, Tensor Mask, int[] Lengths);

/// <summary>
/// The encoder of a recurrent encoder-decoder. Every sentence starts at the first step and is followed by its padding, in both
/// directions, so no state of a token has seen padding; the last state is taken where the sentence ends.
/// </summary>
internal sealed class RecurrentEncoder
{
    private readonly RecurrentTranslationConfiguration _configuration;
    private readonly ParameterStore _store;
    private readonly Device _device;
    private readonly RecurrentCellSteps[] _layers, _backwardLayers;

    public RecurrentEncoder(RecurrentTranslationConfiguration configuration, ParameterStore store, Device device)
    {
        (_configuration, _store, _device) = (configuration, store, device);
        _layers = Layers(configuration.EncoderLayerCount, "");
        _backwardLayers = Layers(configuration.BidirectionalLayerCount, "_reverse");

        RecurrentCellSteps[] Layers(int count, string direction) => [.. Enumerable.Range(0, count).Select(layer =>
            new RecurrentCellSteps(configuration.Cell, store, "encoder.rnn.", $"_l{layer}{direction}"))];
    }

    public EncodedSources Encode(ParallelBatch batch, PassProducts products, bool training)
    {
        RecurrentTranslationConfiguration c = _configuration;
        (int rows, int length) = (batch.Rows, batch.SourceLength);
        Tensor ids = tensor(batch.Source, [rows, length], ScalarType.Int64, _device).t().reshape(-1);
        Tensor ends = Places(batch, (row, _) => batch.SourceLengths[row] - 1, 1);
        Tensor reversed = Places(batch, (row, step) => step < batch.SourceLengths[row] ? batch.SourceLengths[row] - 1 - step : step, length);
        // [length, rows, width], as are the outputs of every layer.
        Tensor x = Dropped(
            _store[RecurrentTranslationTensors.SourceEmbedding(c)].Value.index_select(0, ids).view(length, rows, -1), c.EmbeddingDropout, training);
        List<Tensor> hidden = [], cells = [];
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            (Tensor output, Tensor last, Tensor? cell) = Run(_layers[layer], x, ends, products);
            if (layer < c.BidirectionalLayerCount)
            {
                (Tensor back, Tensor lastBack, Tensor? cellBack) = Run(_backwardLayers[layer], Taken(x, reversed).view(x.shape), ends, products);
                output = cat([output, Taken(back, reversed).view(back.shape)], -1);
                last = cat([last, lastBack], -1);
                cell = cell is null ? null : cat([cell, cellBack!], -1);
            }

            hidden.Add(last);
            if (cell is not null)
                cells.Add(cell);
            if (c.Residual && layer > 0 && output.shape[^1] == x.shape[^1])
                output = output + x;
            x = layer < c.EncoderLayerCount - 1 ? Dropped(output, c.LayerDropout, training) : output;
        }

        Tensor mask = tensor(batch.SourceMask(), [rows, length], ScalarType.Bool, _device);
        Tensor memory = x.transpose(0, 1).masked_fill(mask.logical_not().unsqueeze(-1), 0).contiguous();
        return new EncodedSources(memory, hidden, cells, mask, batch.SourceLengths);
    }

    internal static Tensor Dropped(Tensor x, double probability, bool training) =>
        training && probability > 0 ? functional.dropout(x, probability, training: true) : x;

    // One direction of one layer: its outputs [length, rows, hidden] and the states after each row's last token.
    private (Tensor Output, Tensor Hidden, Tensor? Cell) Run(RecurrentCellSteps layer, Tensor x, Tensor ends, PassProducts products)
    {
        bool lstm = _configuration.Cell == RecurrentCell.Lstm;
        Tensor[] inputs = products.Linear(x, layer.InputWeight, layer.InputBias).unbind(0);
        Tensor hidden = zeros([x.shape[1], layer.Width], device: _device);
        Tensor? cell = lstm ? hidden : null;
        Tensor[] outputs = new Tensor[inputs.Length], cells = new Tensor[lstm ? inputs.Length : 0];
        for (int step = 0; step < inputs.Length; step++)
        {
            (hidden, cell) = layer.Step(inputs[step], hidden, cell, products);
            outputs[step] = hidden;
            if (lstm)
                cells[step] = cell!;
        }

        Tensor output = stack(outputs, 0);
        return (output, Taken(output, ends), lstm ? Taken(stack(cells, 0), ends) : null);
    }

    // [length, rows, width] as a list of tokens, some of them.
    private static Tensor Taken(Tensor x, Tensor places) => x.reshape(-1, x.shape[^1]).index_select(0, places);

    private Tensor Places(ParallelBatch batch, Func<int, int, int> stepOf, int steps)
    {
        long[] places = new long[steps * batch.Rows];
        for (int i = 0; i < places.Length; i++)
            places[i] = ((long)stepOf(i % batch.Rows, i / batch.Rows) * batch.Rows) + (i % batch.Rows);
        return tensor(places, ScalarType.Int64, _device);
    }
}
