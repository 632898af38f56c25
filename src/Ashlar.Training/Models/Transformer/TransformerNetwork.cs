using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.Transformer;

/// <summary>
/// The Transformer written with torch's own operators, on padded rows, so that it runs on every device and differentiates itself. It
/// reads parameters from the store and keeps no state.
/// </summary>
internal sealed class TransformerNetwork : IDisposable
{
    private readonly TransformerConfiguration _configuration;
    private readonly ParameterStore _store;
    private readonly ScalarType _products;
    private readonly Device _device;
    private readonly Tensor? _sinusoids;
    private readonly RotaryTable? _encoderRotary;
    private readonly RotaryTable? _decoderRotary;

    public TransformerNetwork(TransformerConfiguration configuration, ParameterStore store, ComputeType computeType, Device device)
    {
        (_configuration, _store, _device) = (configuration, store, device);
        _products = computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        if (configuration.Positions == PositionEncoding.Sinusoidal)
        {
            _sinusoids = tensor(Sinusoids.Table(configuration.MaximumLength, configuration.Width), [configuration.MaximumLength, configuration.Width], device: device)
                .DetachFromDisposeScope();
        }
        else if (configuration.Positions == PositionEncoding.Rotary)
        {
            _encoderRotary = new RotaryTable(configuration.MaximumLength, configuration.Width / configuration.EncoderHeadCount, configuration.RopeTheta, device);
            _decoderRotary = new RotaryTable(configuration.MaximumLength, configuration.Width / configuration.DecoderHeadCount, configuration.RopeTheta, device);
        }
    }

    /// <summary>[rows, target length, target vocabulary], fp32.</summary>
    public Tensor Logits(ParallelBatch batch, bool training)
    {
        Tensor source = tensor(batch.Source, [batch.Rows, batch.SourceLength], ScalarType.Int64, _device);
        Tensor inputs = tensor(batch.DecoderInputs, [batch.Rows, batch.TargetLength], ScalarType.Int64, _device);
        // True is a token that may be seen, the convention of scaled_dot_product_attention (the opposite of key_padding_mask's).
        Tensor sourceMask = tensor(batch.SourceMask(), [batch.Rows, 1, 1, batch.SourceLength], ScalarType.Bool, _device);
        Tensor memory = Encode(source, sourceMask, training);
        Tensor hidden = Decode(inputs, memory, sourceMask, training);
        Tensor logits = functional.linear(hidden.to(_products), _store[TransformerTensors.Projection(_configuration)].Value.to(_products));
        return logits.to(ScalarType.Float32) + _store["final_logits_bias"].Value.detach();
    }

    public void Dispose()
    {
        _sinusoids?.Dispose();
        _encoderRotary?.Dispose();
        _decoderRotary?.Dispose();
    }

    private Tensor Encode(Tensor source, Tensor mask, bool training)
    {
        Tensor x = Embed(source, TransformerTensors.SourceEmbedding(_configuration), "model.encoder.", training);
        for (int layer = 0; layer < _configuration.EncoderLayerCount; layer++)
        {
            string block = $"model.encoder.layers.{layer}.";
            x = SubLayer(x, block + "self_attn_layer_norm", training, y =>
                Attention(y, y, block + "self_attn.", _configuration.EncoderHeadCount, mask, causal: false, _encoderRotary, training));
            x = SubLayer(x, block + "final_layer_norm", training, y => FeedForward(y, block, training));
        }

        return _configuration.PreNorm ? Norm(x, "model.encoder.layer_norm") : x;
    }

    private Tensor Decode(Tensor inputs, Tensor memory, Tensor sourceMask, bool training)
    {
        Tensor x = Embed(inputs, TransformerTensors.TargetEmbedding(_configuration), "model.decoder.", training);
        int heads = _configuration.DecoderHeadCount;
        for (int layer = 0; layer < _configuration.DecoderLayerCount; layer++)
        {
            string block = $"model.decoder.layers.{layer}.";
            x = SubLayer(x, block + "self_attn_layer_norm", training, y =>
                Attention(y, y, block + "self_attn.", heads, mask: null, causal: true, _decoderRotary, training));
            x = SubLayer(x, block + "encoder_attn_layer_norm", training, y =>
                Attention(y, memory, block + "encoder_attn.", heads, sourceMask, causal: false, rotary: null, training));
            x = SubLayer(x, block + "final_layer_norm", training, y => FeedForward(y, block, training));
        }

        return _configuration.PreNorm ? Norm(x, "model.decoder.layer_norm") : x;
    }

    // Section 3.1: norm(x + dropout(f(x))); or, pre-norm, x + dropout(f(norm(x))).
    private Tensor SubLayer(Tensor x, string norm, bool training, Func<Tensor, Tensor> f) =>
        _configuration.PreNorm
            ? x + Dropped(f(Norm(x, norm)), _configuration.Dropout, training)
            : Norm(x + Dropped(f(x), _configuration.Dropout, training), norm);

    private Tensor Embed(Tensor ids, string table, string side, bool training)
    {
        long length = ids.shape[1];
        if (length > _configuration.MaximumLength)
            throw new ArgumentException($"A sentence has {length} tokens; the model's longest is {_configuration.MaximumLength}.");
        Tensor x = _store[table].Value.index_select(0, ids.reshape(-1)).view(ids.shape[0], length, -1);
        if (_configuration.ScaleEmbedding)
            x = x * Math.Sqrt(_configuration.Width);
        x = _configuration.Positions switch
        {
            PositionEncoding.Sinusoidal => x + _sinusoids!.narrow(0, 0, length),
            PositionEncoding.Learned => x + _store[side + "embed_positions.weight"].Value.narrow(0, 0, length),
            _ => x,
        };
        return Dropped(x, _configuration.Dropout, training);
    }

    // Section 3.2.2. Queries come from x, keys and values from the memory, which in self-attention is x itself.
    private Tensor Attention(Tensor x, Tensor memory, string block, int headCount, Tensor? mask, bool causal, RotaryTable? rotary, bool training)
    {
        Tensor query = Heads(Linear(x, block + "q_proj"), headCount);
        Tensor key = Heads(Linear(memory, block + "k_proj"), headCount);
        Tensor value = Heads(Linear(memory, block + "v_proj"), headCount);
        if (rotary is not null)
        {
            (Tensor cosines, Tensor sines) = rotary.At(null, x.shape[1]);
            query = RotaryTable.Rotate(query.to(ScalarType.Float32), cosines, sines).to(_products);
            key = RotaryTable.Rotate(key.to(ScalarType.Float32), cosines, sines).to(_products);
        }

        Tensor mixed = functional.scaled_dot_product_attention(query, key, value, mask, training ? _configuration.AttentionDropout : 0, causal);
        return Linear(mixed.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1), block + "out_proj").to(ScalarType.Float32);
    }

    private Tensor FeedForward(Tensor x, string block, bool training)
    {
        Tensor inner = Linear(x, block + "fc1");
        inner = _configuration.Activation switch
        {
            TransformerActivation.Relu => functional.relu(inner),
            TransformerActivation.Gelu => functional.gelu(inner),
            TransformerActivation.Silu => functional.silu(inner),
            _ => functional.silu(Linear(x, block + "fc_gate")) * inner,
        };
        return Linear(Dropped(inner, _configuration.ActivationDropout, training), block + "fc2").to(ScalarType.Float32);
    }

    private Tensor Linear(Tensor x, string name) =>
        functional.linear(x.to(_products), _store[name + ".weight"].Value.to(_products), _store[name + ".bias"].Value.to(_products));

    private Tensor Norm(Tensor x, string name) =>
        functional.layer_norm(x, [_configuration.Width], _store[name + ".weight"].Value, _store[name + ".bias"].Value, _configuration.NormEpsilon);

    private static Tensor Heads(Tensor x, int count) => x.view(x.shape[0], x.shape[1], count, -1).transpose(1, 2);

    private static Tensor Dropped(Tensor x, double probability, bool training) =>
        training && probability > 0 ? functional.dropout(x, probability, training: true) : x;
}
