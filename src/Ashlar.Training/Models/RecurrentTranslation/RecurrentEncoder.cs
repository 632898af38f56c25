using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Native;
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

/// <summary>The encoder of a recurrent encoder-decoder: layers of torch's own recurrent operators over packed sentences.</summary>
internal sealed class RecurrentEncoder(RecurrentTranslationConfiguration configuration, ParameterStore store, Device device)
{
    public EncodedSources Encode(ParallelBatch batch, bool training)
    {
        RecurrentTranslationConfiguration c = configuration;
        PackedOrder order = new(batch.SourceLengths, batch.SourceLength);
        Tensor ids = tensor(Array.ConvertAll(order.Pack, at => batch.Source[at]), device: device);
        Tensor batchSizes = tensor(order.BatchSizes, ScalarType.Int64, CPU);
        Tensor rows = tensor(order.RowOf, ScalarType.Int64, device);
        Tensor x = Dropped(store[RecurrentTranslationTensors.SourceEmbedding(c)].Value.index_select(0, ids), c.EmbeddingDropout, training);
        List<Tensor> hidden = [], cells = [];
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            bool both = layer < c.BidirectionalLayerCount;
            (Tensor output, Tensor h, Tensor? cell) = Layer(x, batchSizes, batch.Rows, layer, both);
            hidden.Add(SideBySide(h, rows));
            if (cell is not null)
                cells.Add(SideBySide(cell, rows));
            if (c.Residual && layer > 0 && output.shape[1] == x.shape[1])
                output = output + x;
            x = layer < c.EncoderLayerCount - 1 ? Dropped(output, c.LayerDropout, training) : output;
        }

        Tensor padded = cat([x, zeros([1, x.shape[1]], device: device)], 0).index_select(0, tensor(order.Unpack, ScalarType.Int64, device));
        return new EncodedSources(
            padded.view(batch.Rows, batch.SourceLength, -1),
            hidden,
            cells,
            tensor(batch.SourceMask(), [batch.Rows, batch.SourceLength], ScalarType.Bool, device),
            batch.SourceLengths);
    }

    private (Tensor Output, Tensor Hidden, Tensor? Cell) Layer(Tensor x, Tensor batchSizes, int rows, int layer, bool bothDirections)
    {
        List<Tensor> weights = [];
        foreach (string direction in bothDirections ? (string[])["", "_reverse"] : [""])
            foreach (string part in (string[])["weight_ih", "weight_hh", "bias_ih", "bias_hh"])
                weights.Add(store[$"encoder.rnn.{part}_l{layer}{direction}"].Value);
        Tensor start = zeros([bothDirections ? 2 : 1, rows, configuration.EncoderWidth], device: device);
        return RecurrentOperators.Packed(configuration.Cell, x, batchSizes, start, weights, bothDirections);
    }

    // [directions, sorted rows, width] to [rows, directions · width].
    private static Tensor SideBySide(Tensor state, Tensor rows) => cat([.. state.index_select(1, rows).unbind(0)], 1);

    internal static Tensor Dropped(Tensor x, double probability, bool training) =>
        training && probability > 0 ? functional.dropout(x, probability, training: true) : x;
}
