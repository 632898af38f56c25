using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Tests.Models.RecurrentTranslation;

/// <summary>The recurrent encoder-decoder in plain loops and double precision, one sentence at a time.</summary>
internal sealed class ReferenceRecurrentTranslation(RecurrentTranslationConfiguration c, RandomTensors tensors)
{
    /// <summary>Attention weights of the last pass: [target][source].</summary>
    public List<double[]> Attention { get; } = [];

    /// <summary>Logits after each target token: [target][vocabulary].</summary>
    public double[][] Logits(int[] source, int[] target)
    {
        Attention.Clear();
        (double[][] memory, double[][][] finals) = Encode(source);
        double[] sentence = Pool(memory);
        double[][] h = new double[c.DecoderLayerCount][], cell = new double[c.DecoderLayerCount][];
        for (int layer = 0; layer < c.DecoderLayerCount; layer++)
        {
            h[layer] = c.Bridge switch
            {
                RecurrentBridge.Zero => new double[c.DecoderWidth],
                RecurrentBridge.Copy => finals[layer][0],
                _ => Tanh(tensors.Linear($"bridge.hidden.{layer}.weight", $"bridge.hidden.{layer}.bias", sentence)),
            };
            cell[layer] = c.Bridge switch
            {
                RecurrentBridge.Copy => finals[layer][1],
                RecurrentBridge.Dense when c.Cell == RecurrentCell.Lstm => Tanh(tensors.Linear($"bridge.cell.{layer}.weight", $"bridge.cell.{layer}.bias", sentence)),
                _ => new double[c.DecoderWidth],
            };
        }

        double[] fed = new double[c.Attention == RecurrentAttention.Gnmt ? c.MemoryWidth : c.OutputWidth];
        List<double[]> logits = [];
        foreach (int token in target)
        {
            double[] e = tensors.Row(RecurrentTranslationTensors.TargetEmbedding(c), token, c.EmbeddingWidth);
            double[] context = c.Attention == RecurrentAttention.Bahdanau ? Attend(h[^1], memory) : sentence;
            double[] input = c.Attention switch
            {
                RecurrentAttention.None => c.FeedSentence ? [.. e, .. sentence] : e,
                RecurrentAttention.Bahdanau => [.. e, .. context],
                RecurrentAttention.Gnmt => [.. e, .. fed],
                _ => c.InputFeeding ? [.. e, .. fed] : e,
            };
            double[] y = [];
            for (int layer = 0; layer < c.DecoderLayerCount; layer++)
            {
                if (layer > 0)
                    input = c.Attention == RecurrentAttention.Gnmt ? [.. y, .. context] : y;
                (h[layer], cell[layer]) = Step("decoder.rnn.", $"_l{layer}", input, h[layer], cell[layer]);
                y = layer > 0 && c.Residual ? [.. h[layer].Zip(y, (a, b) => a + b)] : h[layer];
                if (layer == 0 && c.Attention == RecurrentAttention.Gnmt)
                    fed = context = Attend(h[0], memory);
            }

            if (c.IsLuong)
                context = Attend(h[^1], memory);
            double[] r = y;
            if (c.HasReadout)
            {
                double[] joined = c.IsLuong ? [.. context, .. y] : [.. context, .. y, .. e];
                r = Tanh(tensors.Linear("decoder.readout.weight", "decoder.readout.bias", joined));
                if (c.IsLuong)
                    fed = r;
            }

            logits.Add(tensors.Linear(RecurrentTranslationTensors.Projection(c), "decoder.projection.bias", r));
        }

        return [.. logits];
    }

    /// <summary>The sentence vector.</summary>
    public double[] Pool(double[][] m)
    {
        double[] vector = new double[c.MemoryWidth];
        bool both = c.BidirectionalLayerCount == c.EncoderLayerCount;
        for (int i = 0; i < vector.Length; i++)
        {
            double[] column = [.. m.Select(row => row[i])];
            vector[i] = c.Pooling switch
            {
                SentencePooling.Last => both && i >= c.EncoderWidth ? column[0] : column[^1],
                SentencePooling.Mean => column.Average(),
                SentencePooling.FirstLastMean => (column[0] + column[^1]) / 2,
                SentencePooling.MeanLastN => column.TakeLast(c.PoolingCount).Average(),
                SentencePooling.Sum => column.Sum(),
                _ => column.Max(),
            };
        }

        return vector;
    }

    public (double[][] Memory, double[][][] Finals) Encode(int[] source)
    {
        double[][] x = [.. source.Select(token => tensors.Row(RecurrentTranslationTensors.SourceEmbedding(c), token, c.EmbeddingWidth))];
        List<double[][]> finals = [];
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            double[][] y = Direction(x, $"_l{layer}", backward: false, out double[] h, out double[] cell);
            if (layer < c.BidirectionalLayerCount)
            {
                double[][] back = Direction(x, $"_l{layer}_reverse", backward: true, out double[] backH, out double[] backCell);
                y = [.. y.Zip(back, (a, b) => (double[])[.. a, .. b])];
                (h, cell) = ([.. h, .. backH], [.. cell, .. backCell]);
            }

            if (c.Residual && layer > 0 && x[0].Length == y[0].Length)
                y = [.. y.Zip(x, (a, b) => a.Zip(b, (p, q) => p + q).ToArray())];
            finals.Add([h, cell]);
            x = y;
        }

        return (x, [.. finals]);
    }

    private double[][] Direction(double[][] x, string suffix, bool backward, out double[] h, out double[] cell)
    {
        (h, cell) = (new double[c.EncoderWidth], new double[c.EncoderWidth]);
        double[][] y = new double[x.Length][];
        for (int step = 0; step < x.Length; step++)
        {
            int t = backward ? x.Length - 1 - step : step;
            (h, cell) = Step("encoder.rnn.", suffix, x[t], h, cell);
            y[t] = h;
        }

        return y;
    }

    private double[] Attend(double[] query, double[][] memory)
    {
        const string Name = "decoder.attention.";
        double[] scores = [.. memory.Select(m => c.Attention switch
        {
            RecurrentAttention.LuongDot => Dot(query, m),
            RecurrentAttention.LuongGeneral => Dot(tensors.Linear(Name + "query.weight", null, query), m),
            _ => tensors.Linear(
                Name + "score.weight",
                null,
                Tanh([.. tensors.Linear(Name + "query.weight", null, query).Zip(tensors.Linear(Name + "memory.weight", Name + "memory.bias", m), (a, b) => a + b)]))[0],
        })];
        double total = scores.Sum(Math.Exp);
        double[] weights = [.. scores.Select(score => Math.Exp(score) / total)];
        Attention.Add(weights);
        return [.. Enumerable.Range(0, c.MemoryWidth).Select(i => memory.Zip(weights, (m, w) => m[i] * w).Sum())];
    }

    private (double[] H, double[] Cell) Step(string prefix, string suffix, double[] x, double[] h, double[] cell)
    {
        double[] a = tensors.Linear($"{prefix}weight_ih{suffix}", $"{prefix}bias_ih{suffix}", x);
        double[] b = tensors.Linear($"{prefix}weight_hh{suffix}", $"{prefix}bias_hh{suffix}", h);
        int width = h.Length;
        double[] newH = new double[width], newCell = [.. cell];
        for (int i = 0; i < width; i++)
        {
            switch (c.Cell)
            {
                case RecurrentCell.Lstm:
                    double input = Sigmoid(a[i] + b[i]), forget = Sigmoid(a[width + i] + b[width + i]);
                    newCell[i] = forget * cell[i] + input * Math.Tanh(a[2 * width + i] + b[2 * width + i]);
                    newH[i] = Sigmoid(a[3 * width + i] + b[3 * width + i]) * Math.Tanh(newCell[i]);
                    break;
                case RecurrentCell.Gru:
                    double reset = Sigmoid(a[i] + b[i]), update = Sigmoid(a[width + i] + b[width + i]);
                    double candidate = Math.Tanh(a[2 * width + i] + reset * b[2 * width + i]);
                    newH[i] = (1 - update) * candidate + update * h[i];
                    break;
                case RecurrentCell.RnnTanh:
                    newH[i] = Math.Tanh(a[i] + b[i]);
                    break;
                default:
                    newH[i] = Math.Max(0, a[i] + b[i]);
                    break;
            }
        }

        return (newH, newCell);
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Tanh(double[] x) => [.. x.Select(Math.Tanh)];

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
