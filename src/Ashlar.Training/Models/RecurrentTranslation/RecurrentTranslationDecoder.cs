using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// The decoder of a recurrent encoder-decoder, step by step as <see cref="RecurrentTranslationConfiguration"/> defines it. What does
/// not depend on the step before (the embeddings' products, the readout, the projection to the vocabulary) is computed for all steps
/// at once.
/// </summary>
internal sealed class RecurrentTranslationDecoder
{
    private readonly RecurrentTranslationConfiguration _configuration;
    private readonly ParameterStore _store;
    private readonly Device _device;
    private readonly RecurrentCellSteps[] _layers;

    public RecurrentTranslationDecoder(RecurrentTranslationConfiguration configuration, ParameterStore store, Device device)
    {
        (_configuration, _store, _device) = (configuration, store, device);
        _layers = [.. Enumerable.Range(0, configuration.DecoderLayerCount).Select(layer =>
            new RecurrentCellSteps(configuration.Cell, store, "decoder.rnn.", $"_l{layer}"))];
    }

    /// <summary>Logits of readouts, [.., target vocabulary].</summary>
    public Tensor Project(Tensor readouts) => functional.linear(
        readouts, _store[RecurrentTranslationTensors.Projection(_configuration)].Value, _store["decoder.projection.bias"].Value);

    /// <summary>What the vocabulary's projection reads, [rows, target length, width].</summary>
    /// <param name="batch">Decoder inputs.</param>
    /// <param name="sources">What the encoder made.</param>
    /// <param name="products">Of this pass.</param>
    /// <param name="training">Whether dropout is on.</param>
    /// <param name="sampling">Probability that a step reads the model's own best guess instead of the target.</param>
    public Tensor Readouts(ParallelBatch batch, EncodedSources sources, PassProducts products, bool training, double sampling)
    {
        RecurrentTranslationConfiguration c = _configuration;
        bool pools = c.FeedSentence || c.Bridge == RecurrentBridge.Dense;
        Tensor? sentence = pools ? SentenceVector.Of(sources, c) : null;
        SourceAttention? attention = c.Attention == RecurrentAttention.None ? null : new SourceAttention(c, _store, sources, products);
        (Tensor[] hidden, Tensor?[] cells) = Start(sources, sentence, batch.Rows, products);
        long embedding = c.EmbeddingWidth;
        Tensor embeddingWeight = _layers[0].InputWeight.narrow(1, 0, embedding);
        Tensor? besides = c.DecoderInputWidth(0) > embedding ? _layers[0].InputWeight.narrow(1, embedding, c.DecoderInputWidth(0) - embedding) : null;
        Tensor inputs = tensor(batch.DecoderInputs, [batch.Rows, batch.TargetLength], ScalarType.Int64, _device).t();
        Tensor embedded = Embed(inputs, training);
        Tensor[] words = embedded.unbind(0), inputProducts = products.Linear(embedded, embeddingWeight, _layers[0].InputBias).unbind(0);
        Tensor? fixedProduct = c.FeedSentence ? products.Linear(sentence!, besides!) : null;
        Tensor? context = c.Attention == RecurrentAttention.Gnmt ? zeros([batch.Rows, c.MemoryWidth], device: _device) : null;
        Tensor? fed = c.InputFeeding ? zeros([batch.Rows, c.OutputWidth], device: _device) : null;
        // What nothing reads before the sentence is over is computed for all its steps at once.
        bool stepwise = sampling > 0 || c.InputFeeding;
        List<Tensor> outputs = [], contexts = [], readouts = [];
        for (int step = 0; step < batch.TargetLength; step++)
        {
            Tensor word = words[step], input = inputProducts[step];
            if (sampling > 0 && step > 0)
                (word, input) = Sampled(inputs[step], word, readouts[^1], embeddingWeight, products, sampling, training);
            if (c.Attention == RecurrentAttention.Bahdanau)
                context = attention!.Attend(hidden[^1]).Context;
            if (fixedProduct is not null)
                input = input + fixedProduct;
            else if (besides is not null)
                input = input + products.Linear(c.InputFeeding ? fed! : context!, besides);
            (hidden[0], cells[0]) = _layers[0].Step(input, hidden[0], cells[0], products);
            if (c.Attention == RecurrentAttention.Gnmt)
                context = attention!.Attend(hidden[0]).Context;
            Tensor y = hidden[0];
            for (int layer = 1; layer < _layers.Length; layer++)
            {
                Tensor below = RecurrentEncoder.Dropped(y, c.LayerDropout, training);
                Tensor x = c.Attention == RecurrentAttention.Gnmt ? cat([below, context!], 1) : below;
                (hidden[layer], cells[layer]) = _layers[layer].Step(
                    products.Linear(x, _layers[layer].InputWeight, _layers[layer].InputBias), hidden[layer], cells[layer], products);
                y = c.Residual ? hidden[layer] + below : hidden[layer];
            }

            if (c.IsLuong)
                context = attention!.Attend(hidden[^1]).Context;
            if (stepwise)
            {
                fed = Readout(y, context ?? sentence, word, products, training);
                readouts.Add(fed);
                continue;
            }

            outputs.Add(y);
            if (context is not null)
                contexts.Add(context);
        }

        if (stepwise)
            return stack(readouts, 1);
        Tensor all = stack(outputs, 1);
        Tensor? beside = contexts.Count > 0 ? stack(contexts, 1) : sentence?.unsqueeze(1).expand(-1, batch.TargetLength, -1);
        return Readout(all, beside, embedded.transpose(0, 1), products, training);
    }

    // Of one step, [rows, width], or of all, [rows, steps, width].
    private Tensor Readout(Tensor output, Tensor? context, Tensor word, PassProducts products, bool training)
    {
        RecurrentTranslationConfiguration c = _configuration;
        Tensor readout = output;
        if (c.HasReadout)
        {
            Tensor from = c.IsLuong ? cat([context!, output], -1) : cat([context!, output, word], -1);
            readout = products.Linear(from, _store["decoder.readout.weight"].Value, _store["decoder.readout.bias"].Value).tanh();
        }

        return RecurrentEncoder.Dropped(readout, c.OutputDropout, training);
    }

    private (Tensor[] Hidden, Tensor?[] Cells) Start(EncodedSources sources, Tensor? sentence, int rows, PassProducts products)
    {
        RecurrentTranslationConfiguration c = _configuration;
        bool lstm = c.Cell == RecurrentCell.Lstm;
        int count = c.DecoderLayerCount;
        Tensor[] hidden = new Tensor[count];
        Tensor?[] cells = new Tensor?[count];
        for (int layer = 0; layer < count; layer++)
        {
            switch (c.Bridge)
            {
                case RecurrentBridge.Copy:
                    hidden[layer] = sources.Hidden[layer];
                    cells[layer] = lstm ? sources.Cells[layer] : null;
                    break;
                case RecurrentBridge.Dense:
                    hidden[layer] = Dense("hidden", layer);
                    cells[layer] = lstm ? Dense("cell", layer) : null;
                    break;
                default:
                    hidden[layer] = zeros([rows, c.DecoderWidth], device: _device);
                    cells[layer] = lstm ? zeros([rows, c.DecoderWidth], device: _device) : null;
                    break;
            }
        }

        return (hidden, cells);

        Tensor Dense(string part, int layer) =>
            products.Linear(sentence!, _store[$"bridge.{part}.{layer}.weight"].Value, _store[$"bridge.{part}.{layer}.bias"].Value).tanh();
    }

    // Bengio et al., "Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks", 2015, section 2.4: each row's coin
    // decides whether the step reads the target or what the model would have written. No gradient goes through the choice.
    private (Tensor Word, Tensor Input) Sampled(Tensor target, Tensor word, Tensor before, Tensor weight, PassProducts products, double probability, bool training)
    {
        Tensor chosen, own;
        using (no_grad())
        {
            own = Project(before).argmax(-1);
            chosen = rand(target.shape, device: _device).lt(probability);
        }

        word = where(chosen.unsqueeze(1), Embed(own.unsqueeze(0), training)[0], word);
        return (word, products.Linear(word, weight, _layers[0].InputBias));
    }

    private Tensor Embed(Tensor ids, bool training) => RecurrentEncoder.Dropped(
        _store[RecurrentTranslationTensors.TargetEmbedding(_configuration)].Value.index_select(0, ids.reshape(-1)).view(ids.shape[0], ids.shape[1], -1),
        _configuration.EmbeddingDropout,
        training);
}
