using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Tests.Models;

/// <summary>
/// The decoder once more, as the papers write it: double precision, no cache, no batch, one loop after another, and none
/// of the code under test.
/// </summary>
internal sealed class ReferenceDecoder(RandomCheckpoint checkpoint)
{
    private readonly DecoderConfiguration _c = checkpoint.Configuration;

    /// <summary>[length][vocabulary].</summary>
    public double[][] Logits(int[] tokens)
    {
        bool gpt1 = _c.Architecture == DecoderArchitecture.Gpt1, gpt2 = gpt1 || _c.Architecture == DecoderArchitecture.Gpt2;
        string embedding = gpt1 ? "transformer.tokens_embed.weight" : gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";
        string positions = gpt1 ? "transformer.positions_embed.weight" : "transformer.wpe.weight";
        double[][] x = [.. tokens.Select((token, t) => Enumerable.Range(0, _c.Width).Select(i =>
            W(embedding, token * _c.Width + i) + (gpt2 ? W(positions, t * _c.Width + i) : 0)).ToArray())];
        for (int layer = 0; layer < _c.LayerCount; layer++)
        {
            string block = gpt2 ? $"transformer.h.{layer}." : $"model.layers.{layer}.";
            if (gpt1)
            {
                double[][] heard = Attend(block, x);
                for (int t = 0; t < x.Length; t++)
                {
                    double[] middle = Norm(Add(x[t], heard[t]), block + "ln_1");
                    x[t] = Norm(Add(middle, FeedForward(block, middle)), block + "ln_2");
                }

                continue;
            }

            double[][] mixed = Attend(block, [.. x.Select(row => Norm(row, block + (gpt2 ? "ln_1" : "input_layernorm")))]);
            for (int t = 0; t < x.Length; t++)
            {
                x[t] = Add(x[t], mixed[t]);
                x[t] = Add(x[t], FeedForward(block, Norm(x[t], block + (gpt2 ? "ln_2" : "post_attention_layernorm"))));
            }
        }

        string head = _c.TieEmbeddings ? embedding : "lm_head.weight";
        return [.. x.Select(row => OutputRows(gpt1 ? row : Norm(row, gpt2 ? "transformer.ln_f" : "model.norm"), head, _c.VocabularySize))];
    }

    private double W(string name, int index) => checkpoint.Tensors[name][index];

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private double[] Norm(double[] x, string name)
    {
        double mean = _c.Architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2 ? x.Average() : 0;
        double scale = 1 / Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + _c.NormEpsilon);
        bool bias = checkpoint.Tensors.ContainsKey(name + ".bias");
        return [.. x.Select((v, i) => (v - mean) * scale * W(name + ".weight", i) + (bias ? W(name + ".bias", i) : 0))];
    }

    // weight [output, input]
    private double[] OutputRows(double[] x, string weight, int width)
    {
        string bias = weight.Replace(".weight", ".bias");
        bool biased = checkpoint.Tensors.ContainsKey(bias);
        return [.. Enumerable.Range(0, width).Select(o => x.Select((v, i) => v * W(weight, o * x.Length + i)).Sum() + (biased ? W(bias, o) : 0))];
    }

    // weight [input, output]
    private double[] InputRows(double[] x, string name, int width) =>
        [.. Enumerable.Range(0, width).Select(o => x.Select((v, i) => v * W(name + ".weight", i * width + o)).Sum() + W(name + ".bias", o))];

    private double[] FeedForward(string block, double[] x)
    {
        if (_c.Architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2)
            return InputRows([.. InputRows(x, block + "mlp.c_fc", _c.FeedForwardWidth).Select(Gelu)], block + "mlp.c_proj", _c.Width);
        double[] gate = OutputRows(x, block + "mlp.gate_proj.weight", _c.FeedForwardWidth);
        double[] up = OutputRows(x, block + "mlp.up_proj.weight", _c.FeedForwardWidth);
        return OutputRows([.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], block + "mlp.down_proj.weight", _c.Width);
    }

    private double Gelu(double x)
    {
        if (_c.TanhGelu)
            return 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        // Phi by its series, exact to double precision in this range.
        double term = x, sum = x;
        for (int k = 1; k < 200; k++)
        {
            term *= x * x / (2 * k + 1);
            sum += term;
        }

        return x * (0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }

    private double[][] Attend(string block, double[][] x)
    {
        int width = _c.HeadWidth, queries = _c.HeadCount * width, keys = _c.KeyValueHeadCount * width;
        double[][] q, k, v;
        if (_c.Architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2)
        {
            double[][] fused = [.. x.Select(row => InputRows(row, block + "attn.c_attn", 3 * _c.Width))];
            (q, k, v) = ([.. fused.Select(f => f[..queries])], [.. fused.Select(f => f[queries..(2 * queries)])], [.. fused.Select(f => f[(2 * queries)..])]);
        }
        else
        {
            q = [.. x.Select((row, t) => Heads(OutputRows(row, block + "self_attn.q_proj.weight", queries), block + "self_attn.q_norm", t))];
            k = [.. x.Select((row, t) => Heads(OutputRows(row, block + "self_attn.k_proj.weight", keys), block + "self_attn.k_norm", t))];
            v = [.. x.Select(row => OutputRows(row, block + "self_attn.v_proj.weight", keys))];
        }

        return [.. Enumerable.Range(0, x.Length).Select(t =>
        {
            double[] mixed = new double[queries];
            for (int head = 0; head < _c.HeadCount; head++)
            {
                int source = head / (_c.HeadCount / _c.KeyValueHeadCount) * width;
                double[] weights = [.. Enumerable.Range(0, t + 1).Select(s => Math.Exp(Enumerable.Range(0, width).Sum(i =>
                    q[t][head * width + i] * k[s][source + i]) / Math.Sqrt(width)))];
                for (int i = 0; i < width; i++)
                    mixed[head * width + i] = weights.Select((w, s) => w * v[s][source + i]).Sum() / weights.Sum();
            }

            return _c.Architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2
                ? InputRows(mixed, block + "attn.c_proj", _c.Width)
                : OutputRows(mixed, block + "self_attn.o_proj.weight", _c.Width);
        })];
    }

    private double[] Heads(double[] x, string norm, int position)
    {
        int width = _c.HeadWidth, half = width / 2;
        double[] result = [.. x];
        for (int start = 0; start < x.Length; start += width)
        {
            double[] head = x[start..(start + width)];
            if (_c.QueryKeyNorm)
                head = Norm(head, norm);
            for (int i = 0; i < half; i++)
            {
                double angle = position * Frequency(i);
                result[start + i] = head[i] * Math.Cos(angle) - head[i + half] * Math.Sin(angle);
                result[start + i + half] = head[i + half] * Math.Cos(angle) + head[i] * Math.Sin(angle);
            }
        }

        return result;
    }

    private double Frequency(int i)
    {
        double frequency = 1 / Math.Pow(_c.RopeTheta, 2.0 * i / _c.HeadWidth);
        if (_c.RopeScaling is not { } s)
            return frequency;
        double turns = s.OriginalContextLength * frequency / (2 * Math.PI);
        double keep = Math.Clamp((turns - s.LowFrequencyFactor) / (s.HighFrequencyFactor - s.LowFrequencyFactor), 0, 1);
        return frequency * (keep + (1 - keep) / s.Factor);
    }
}
