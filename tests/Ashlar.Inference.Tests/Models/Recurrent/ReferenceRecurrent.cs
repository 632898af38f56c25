using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Tests.Models.Recurrent;

/// <summary>
/// The equations of PyTorch's documentation of nn.RNN, nn.LSTM and nn.GRU, written down plainly in double: one unit, one
/// product, one step at a time.
/// </summary>
internal sealed class ReferenceRecurrent(RandomRecurrent model)
{
    private readonly RecurrentConfiguration _c = model.Configuration;

    /// <summary>Logits after every token: [tokens][vocabulary]. The states of the last layer are left in <see cref="Hidden"/>.</summary>
    public double[][] Logits(int[] tokens)
    {
        int layers = _c.LayerCount, width = _c.HiddenWidth;
        double[][] h = [.. Enumerable.Range(0, layers).Select(_ => new double[width])];
        double[][] c = [.. Enumerable.Range(0, layers).Select(_ => new double[width])];
        List<double[]> logits = [];
        Hidden.Clear();
        foreach (int token in tokens)
        {
            double[] x = new double[_c.InputWidth];
            if (_c.EmbeddingWidth == 0)
                x[token] = 1;
            else
                for (int i = 0; i < x.Length; i++)
                    x[i] = model.Tensors["encoder.weight"][token * x.Length + i];
            for (int layer = 0; layer < layers; layer++)
            {
                (h[layer], c[layer]) = Step(layer, x, h[layer], c[layer]);
                x = h[layer];
            }

            Hidden.Add(x);
            logits.Add(Product(model.Tensors[_c.TieEmbeddings ? "encoder.weight" : "decoder.weight"], _c.ProjectionBias ? model.Tensors["decoder.bias"] : null, x));
        }

        return [.. logits];
    }

    public List<double[]> Hidden { get; } = [];

    private (double[] H, double[] C) Step(int layer, double[] x, double[] h, double[] c)
    {
        int width = _c.HiddenWidth;
        double[] wx = Product(model.Tensors[$"rnn.weight_ih_l{layer}"], Bias("bias_ih"), x);
        double[] uh = Product(model.Tensors[$"rnn.weight_hh_l{layer}"], Bias("bias_hh"), h);
        double[] newH = new double[width], newC = new double[width];
        for (int unit = 0; unit < width; unit++)
        {
            double Sum(int gate) => wx[gate * width + unit] + uh[gate * width + unit];
            switch (_c.Cell)
            {
                case RecurrentCell.RnnTanh:
                    newH[unit] = Math.Tanh(Sum(0));
                    break;
                case RecurrentCell.RnnRelu:
                    newH[unit] = Math.Max(0, Sum(0));
                    break;
                case RecurrentCell.Lstm:
                    newC[unit] = Sigmoid(Sum(1)) * c[unit] + Sigmoid(Sum(0)) * Math.Tanh(Sum(2));
                    newH[unit] = Sigmoid(Sum(3)) * Math.Tanh(newC[unit]);
                    break;
                default:
                    double r = Sigmoid(Sum(0)), z = Sigmoid(Sum(1));
                    double n = Math.Tanh(wx[2 * width + unit] + r * uh[2 * width + unit]);
                    newH[unit] = (1 - z) * n + z * h[unit];
                    break;
            }
        }

        return (newH, newC);

        float[]? Bias(string name) => _c.Bias ? model.Tensors[$"rnn.{name}_l{layer}"] : null;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Product(float[] weight, float[]? bias, double[] x)
    {
        double[] y = new double[weight.Length / x.Length];
        for (int row = 0; row < y.Length; row++)
        {
            y[row] = bias?[row] ?? 0;
            for (int i = 0; i < x.Length; i++)
                y[row] += weight[row * x.Length + i] * x[i];
        }

        return y;
    }
}
