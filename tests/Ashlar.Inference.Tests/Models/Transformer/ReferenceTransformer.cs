using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Tests.Models.Transformer;

/// <summary>The encoder-decoder Transformer in plain loops and double precision, one sentence at a time, without a cache.</summary>
internal sealed class ReferenceTransformer(TransformerConfiguration c, RandomTensors tensors)
{
    /// <summary>Attention weights of the last forward pass: [layer][head][target][source].</summary>
    public List<double[][][]> CrossAttention { get; } = [];

    /// <summary>The same of the encoder, [layer][head][source][source].</summary>
    public List<double[][][]> EncoderAttention { get; } = [];

    /// <summary>The same of the decoder to itself, [layer][head][target][target up to it].</summary>
    public List<double[][][]> DecoderAttention { get; } = [];

    /// <summary>Logits after each target token: [target][vocabulary].</summary>
    public double[][] Logits(int[] source, int[] target)
    {
        double[][] memory = Encode(source);
        CrossAttention.Clear();
        DecoderAttention.Clear();
        double[][] x = Embed(target, TransformerTensors.TargetEmbedding(c), "decoder");
        for (int layer = 0; layer < c.DecoderLayerCount; layer++)
        {
            string block = $"model.decoder.layers.{layer}.";
            x = SubLayer(x, block + "self_attn_layer_norm", y =>
            {
                double[][] result = Attend(block + "self_attn.", y, y, c.DecoderHeadCount, causal: true, rotary: true, out double[][][] weights);
                DecoderAttention.Add(weights);
                return result;
            });
            x = SubLayer(x, block + "encoder_attn_layer_norm", y =>
            {
                double[][] result = Attend(block + "encoder_attn.", y, memory, c.DecoderHeadCount, causal: false, rotary: false, out double[][][] weights);
                CrossAttention.Add(weights);
                return result;
            });
            x = SubLayer(x, block + "final_layer_norm", y => FeedForward(block, y));
        }

        if (c.PreNorm)
            x = [.. x.Select(row => Norm(row, "model.decoder.layer_norm"))];
        return [.. x.Select(row => tensors.Linear(TransformerTensors.Projection(c), "final_logits_bias", row))];
    }

    private double[][] Encode(int[] source)
    {
        EncoderAttention.Clear();
        double[][] x = Embed(source, TransformerTensors.SourceEmbedding(c), "encoder");
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            string block = $"model.encoder.layers.{layer}.";
            x = SubLayer(x, block + "self_attn_layer_norm", y =>
            {
                double[][] result = Attend(block + "self_attn.", y, y, c.EncoderHeadCount, causal: false, rotary: true, out double[][][] weights);
                EncoderAttention.Add(weights);
                return result;
            });
            x = SubLayer(x, block + "final_layer_norm", y => FeedForward(block, y));
        }

        return c.PreNorm ? [.. x.Select(row => Norm(row, "model.encoder.layer_norm"))] : x;
    }

    private double[][] Embed(int[] tokens, string table, string side) => [.. tokens.Select((token, position) =>
    {
        double[] row = tensors.Row(table, token, c.Width);
        for (int i = 0; i < row.Length; i++)
        {
            row[i] *= c.ScaleEmbedding ? Math.Sqrt(c.Width) : 1;
            if (c.Positions == PositionEncoding.Learned)
            {
                row[i] += tensors[$"model.{side}.embed_positions.weight"][position * c.Width + i];
            }
            else if (c.Positions == PositionEncoding.Sinusoidal)
            {
                int half = c.Width / 2;
                double angle = position / Math.Pow(10_000, 2.0 * (i % half) / c.Width);
                row[i] += i < half ? Math.Sin(angle) : Math.Cos(angle);
            }
        }

        return row;
    })];

    private double[][] SubLayer(double[][] x, string norm, Func<double[][], double[][]> f)
    {
        double[][] branch = f(c.PreNorm ? [.. x.Select(row => Norm(row, norm))] : x);
        double[][] sum = [.. x.Select((row, t) => row.Select((value, i) => value + branch[t][i]).ToArray())];
        return c.PreNorm ? sum : [.. sum.Select(row => Norm(row, norm))];
    }

    private double[] Norm(double[] x, string name)
    {
        double mean = x.Average(), variance = x.Average(value => (value - mean) * (value - mean));
        return [.. x.Select((value, i) => (value - mean) / Math.Sqrt(variance + c.NormEpsilon) * tensors[name + ".weight"][i] + tensors[name + ".bias"][i])];
    }

    private double[][] Attend(string name, double[][] queries, double[][] memory, int heads, bool causal, bool rotary, out double[][][] weights)
    {
        int headWidth = c.Width / heads;
        double[][] q = Project("q_proj", queries), k = Project("k_proj", memory), v = Project("v_proj", memory);
        if (rotary && c.Positions == PositionEncoding.Rotary)
        {
            q = [.. q.Select((row, t) => Rotate(row, t, headWidth))];
            k = [.. k.Select((row, t) => Rotate(row, t, headWidth))];
        }

        double[][][] all = [.. Enumerable.Range(0, heads).Select(_ => new double[queries.Length][])];
        double[][] mixed = [.. queries.Select(_ => new double[c.Width])];
        for (int head = 0; head < heads; head++)
        {
            for (int t = 0; t < queries.Length; t++)
            {
                double[] w = new double[causal ? t + 1 : memory.Length];
                for (int s = 0; s < w.Length; s++)
                    for (int i = head * headWidth; i < (head + 1) * headWidth; i++)
                        w[s] += q[t][i] * k[s][i] / Math.Sqrt(headWidth);
                double total = w.Sum(Math.Exp);
                w = [.. w.Select(score => Math.Exp(score) / total)];
                all[head][t] = w;
                for (int s = 0; s < w.Length; s++)
                    for (int i = head * headWidth; i < (head + 1) * headWidth; i++)
                        mixed[t][i] += w[s] * v[s][i];
            }
        }

        weights = all;
        return Project("out_proj", mixed);

        double[][] Project(string part, double[][] x) => [.. x.Select(row => tensors.Linear($"{name}{part}.weight", $"{name}{part}.bias", row))];
    }

    private double[] Rotate(double[] row, int position, int headWidth)
    {
        double[] turned = [.. row];
        for (int at = 0; at < row.Length; at += headWidth)
        {
            for (int i = 0; i < headWidth / 2; i++)
            {
                double angle = position * Math.Pow(c.RopeTheta, -2.0 * i / headWidth);
                (double a, double b) = (row[at + i], row[at + i + headWidth / 2]);
                turned[at + i] = a * Math.Cos(angle) - b * Math.Sin(angle);
                turned[at + i + headWidth / 2] = b * Math.Cos(angle) + a * Math.Sin(angle);
            }
        }

        return turned;
    }

    private double[][] FeedForward(string block, double[][] x) => [.. x.Select(row =>
    {
        double[] inner = tensors.Linear(block + "fc1.weight", block + "fc1.bias", row);
        double[]? gate = c.Activation == TransformerActivation.SwiGlu ? tensors.Linear(block + "fc_gate.weight", block + "fc_gate.bias", row) : null;
        for (int i = 0; i < inner.Length; i++)
        {
            inner[i] = c.Activation switch
            {
                TransformerActivation.Relu => Math.Max(0, inner[i]),
                TransformerActivation.Gelu => inner[i] * Normal(inner[i]),
                TransformerActivation.Silu => inner[i] / (1 + Math.Exp(-inner[i])),
                _ => inner[i] * gate![i] / (1 + Math.Exp(-gate[i])),
            };
        }

        return tensors.Linear(block + "fc2.weight", block + "fc2.bias", inner);
    })];

    // The normal distribution function by Simpson's rule.
    private static double Normal(double x)
    {
        const int Steps = 200;
        double sum = 0;
        for (int i = 0; i <= Steps; i++)
            sum += (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-Math.Pow(x * i / Steps, 2) / 2);
        return 0.5 + sum * x / Steps / 3 / Math.Sqrt(2 * Math.PI);
    }
}
