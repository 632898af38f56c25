using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models;

/// <summary>
/// One block of a decoder, x + attention(norm(x)) and then x + feedForward(norm(x)) (in GPT-1 norm(x + attention(x)) and norm(x +
/// feedForward(x))), written with torch's own operators so
/// that it runs on every device. It reads parameters from the store and keeps no state.
/// </summary>
internal sealed class DecoderBlock(DecoderConfiguration configuration, ParameterStore store, int layer, ComputeType computeType)
{
    private readonly bool _gpt2 = configuration.LearnedPositions;
    private readonly string _prefix = configuration.LearnedPositions
        ? $"transformer.h.{layer}." : $"model.layers.{layer}.";

    /// <summary>Precision that matrix products read and write.</summary>
    private ScalarType Products => computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>The block of x, [rows, length, width] fp32.</summary>
    public Tensor Forward(Tensor x, in AttentionContext context)
    {
        if (configuration.PostNorm)
        {
            x = Norm(x + Dropout(Attention(x, context), context).to(ScalarType.Float32), "ln_1");
            return Norm(x + Dropout(FeedForward(x), context).to(ScalarType.Float32), "ln_2");
        }

        x = x + Dropout(Attention(Norm(x, _gpt2 ? "ln_1" : "input_layernorm"), context), context).to(ScalarType.Float32);
        return x + Dropout(FeedForward(Norm(x, _gpt2 ? "ln_2" : "post_attention_layernorm")), context).to(ScalarType.Float32);
    }

    private Tensor Attention(Tensor x, in AttentionContext context)
    {
        (long rows, long length) = (x.shape[0], x.shape[1]);
        Tensor query, key, value;
        if (_gpt2)
        {
            Tensor[] parts = Project(x, "attn.c_attn").chunk(3, dim: -1);
            (query, key, value) = (Heads(parts[0]), Heads(parts[1]), Heads(parts[2]));
        }
        else
        {
            query = Heads(Project(x, "self_attn.q_proj"));
            key = Heads(Project(x, "self_attn.k_proj"));
            value = Heads(Project(x, "self_attn.v_proj"));
            if (configuration.QueryKeyNorm)
            {
                query = RootMeanSquareNorm(query, "self_attn.q_norm");
                key = RootMeanSquareNorm(key, "self_attn.k_norm");
            }

            query = RotaryTable.Rotate(query, context.Cosines!, context.Sines!).to(Products);
            key = RotaryTable.Rotate(key, context.Cosines!, context.Sines!).to(Products);
            int group = configuration.HeadCount / configuration.KeyValueHeadCount;
            if (group > 1)
            {
                key = key.repeat_interleave(group, dim: 1);
                value = value.repeat_interleave(group, dim: 1);
            }
        }

        Tensor mixed = functional.scaled_dot_product_attention(
            query, key, value, context.Mask, p: context.Dropout, is_casual: context.Mask is null); // [rows, heads, length, head width]
        mixed = mixed.transpose(1, 2).reshape(rows, length, -1);
        return Project(mixed, _gpt2 ? "attn.c_proj" : "self_attn.o_proj");

        Tensor Heads(Tensor t) => t.view(rows, length, -1, configuration.HeadWidth).transpose(1, 2);
    }

    private Tensor FeedForward(Tensor x)
    {
        if (!_gpt2)
        {
            Tensor gate = Project(x, "mlp.gate_proj"), up = Project(x, "mlp.up_proj");
            return Project(functional.silu(gate) * up, "mlp.down_proj");
        }

        Tensor inner = Project(x, "mlp.c_fc");
        inner = configuration.TanhGelu ? functional.gelu(inner, TorchSharp.Modules.GELU.Approximate.tanh, inplace: false) : functional.gelu(inner);
        return Project(inner, "mlp.c_proj");
    }

    private Tensor Project(Tensor x, string name)
    {
        Tensor weight = store[_prefix + name + ".weight"].Value.to(Products);
        if (_gpt2)
            weight = weight.t(); // stored as [in, out]
        bool biased = _gpt2 || (configuration.QueryKeyValueBias && name is ("self_attn.q_proj" or "self_attn.k_proj" or "self_attn.v_proj"));
        Tensor? bias = biased ? store[_prefix + name + ".bias"].Value.to(Products) : null;
        return functional.linear(x.to(Products), weight, bias);
    }

    private Tensor Norm(Tensor x, string name) =>
        _gpt2
            ? functional.layer_norm(x, [configuration.Width], store[_prefix + name + ".weight"].Value, store[_prefix + name + ".bias"].Value, configuration.NormEpsilon)
            : RootMeanSquareNorm(x, name);

    private Tensor RootMeanSquareNorm(Tensor x, string name) =>
        Decoder.RootMeanSquareNorm(x, store[_prefix + name + ".weight"].Value, configuration.NormEpsilon);

    private static Tensor Dropout(Tensor x, in AttentionContext context) =>
        context.Dropout > 0 ? functional.dropout(x, context.Dropout, training: true) : x;
}

/// <summary>What all blocks of one pass share.</summary>
/// <param name="Mask">Which token sees which, [rows, 1, length, length] bool; null: every token sees itself and all before it.</param>
/// <param name="Cosines">Of the rotary positions, [rows or 1, 1, length, head width / 2]; null for learned positions.</param>
/// <param name="Sines">As <paramref name="Cosines"/>.</param>
/// <param name="Dropout">Probability of dropping; 0 outside training.</param>
internal readonly record struct AttentionContext(Tensor? Mask, Tensor? Cosines, Tensor? Sines, double Dropout);
