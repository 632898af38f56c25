using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Conversion;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Inference.Tests.Models;
using Ashlar.Inference.Tests.Models.Recurrent;
using Ashlar.Tests;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Inference.Tests.Conversion;

public sealed class RecurrentConversionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Output => Path.Combine(_folder, "run");

    // TensorFlow's BasicLSTMCell: [x, h] kernel + bias gives i, j, f, o; c' = c sigmoid(f + 1) + sigmoid(i) tanh(j).
    [Theory]
    [InlineData("kernel", "bias")]
    [InlineData("weights", "biases")]
    public void A_model_of_ml5_runs_by_TensorFlow_s_equations(string kernelName, string biasName)
    {
        const int Width = 5, Vocabulary = 4, Layers = 2;
        Random random = new(1);
        Dictionary<string, float[]> variables = [];
        JsonObject manifest = [];
        Add("embedding", Vocabulary, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            Add($"rnnlm/multi_rnn_cell/cell_{layer}/basic_lstm_cell/{kernelName}", 2 * Width, 4 * Width);
            Add($"rnnlm/multi_rnn_cell/cell_{layer}/basic_lstm_cell/{biasName}", 4 * Width);
        }

        Add("rnnlm/softmax_w", Width, Vocabulary);
        Add("rnnlm/softmax_b", Vocabulary);
        File.WriteAllText(Path.Combine(_folder, "manifest.json"), manifest.ToJsonString());
        File.WriteAllText(Path.Combine(_folder, "vocab.json"), """{"b": 1, "a": 0, "\n": 3, "": 2}""");
        RecurrentConversion.FromMl5(_folder, Output);

        using LoadedModel loaded = LoadedModel.Load(Output, threadCount: 1);
        int[] tokens = loaded.Tokenizer.Encode("ab\nba\na");
        Assert.Equal([0, 1, 3, 1, 0, 3, 0], tokens);
        float[] actual = DecoderGraphTests.All(loaded.Model, tokens);
        double[][] h = [new double[Width], new double[Width]], c = [new double[Width], new double[Width]];
        for (int step = 0; step < tokens.Length; step++)
        {
            double[] x = [.. variables["embedding"].Skip(tokens[step] * Width).Take(Width).Select(value => (double)value)];
            for (int layer = 0; layer < Layers; layer++)
            {
                string cell = $"rnnlm/multi_rnn_cell/cell_{layer}/basic_lstm_cell/";
                double[] sums = Product([.. x, .. h[layer]], variables[cell + kernelName], variables[cell + biasName]);
                for (int unit = 0; unit < Width; unit++)
                {
                    (double i, double j, double f, double o) = (sums[unit], sums[Width + unit], sums[2 * Width + unit], sums[3 * Width + unit]);
                    c[layer][unit] = c[layer][unit] * Sigmoid(f + 1) + Sigmoid(i) * Math.Tanh(j);
                    h[layer][unit] = Sigmoid(o) * Math.Tanh(c[layer][unit]);
                }

                x = h[layer];
            }

            double[] logits = Product(x, variables["rnnlm/softmax_w"], variables["rnnlm/softmax_b"]);
            for (int i = 0; i < Vocabulary; i++)
                Assert.Equal(logits[i], actual[step * Vocabulary + i], 1e-5);
        }

        void Add(string name, params int[] shape)
        {
            float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle() * 2 - 1)];
            variables[name] = values;
            string file = name.Replace('/', '_');
            File.WriteAllBytes(Path.Combine(_folder, file), PickleBytes.Floats(values));
            manifest[name] = new JsonObject { ["filename"] = file, ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]) };
        }
    }

    [Theory]
    [InlineData("""{"embedding": {"filename": "../secret", "shape": [1]}}""", "same folder")]
    [InlineData("""{"embedding": {"filename": 3, "shape": [1]}}""", "filename")]
    [InlineData("""{"other": 1}""", "embedding is missing")]
    [InlineData("nonsense", "not a JSON object")]
    public void A_damaged_manifest_is_refused(string manifest, string words)
    {
        File.WriteAllText(Path.Combine(_folder, "manifest.json"), manifest);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => RecurrentConversion.FromMl5(_folder, Output));
        Assert.Contains(words, error.Message);
        Assert.Contains("manifest.json", error.Message);
    }

    [Theory]
    [InlineData("lstm", "encoder", "rnn", "decoder")]
    [InlineData("gru", "model.emb", "model.gru", "model.fc")]
    [InlineData("rnn-relu", "embedding", "rnn", "out")]
    [InlineData("lstm-one-hot", "none", "lstm", "linear")]
    [InlineData("lstm-tied", "embed", "rnn", "head")]
    [InlineData("gru-without-biases", "wte", "cells", "projection")]
    public void A_state_dict_of_any_module_names_runs_as_its_weights_do(string shape, string embedding, string rnn, string output)
    {
        RandomRecurrent model = new(shape, 2);
        PickleBytes pickle = new PickleBytes().Global("collections", "OrderedDict").Op(')').Op('R').Op('(');
        List<(string, byte[])> storages = [];
        foreach (TensorDescription tensor in RecurrentTensors.Of(model.Configuration))
        {
            string name = tensor.Name.Replace("encoder.", embedding + ".").Replace("decoder.", output + ".").Replace("rnn.", rnn + ".");
            int[] sizes = [.. tensor.Shape.Select(size => (int)size)];
            int[] strides = sizes.Length == 2 ? [sizes[1], 1] : [1];
            float[] values = model.Tensors[tensor.Name];
            pickle.Text(name).Tensor("FloatStorage", $"{storages.Count}", values.Length, 0, sizes, strides);
            storages.Add(($"{storages.Count}", PickleBytes.Floats(values)));
        }

        string file = Path.Combine(_folder, "model.pt");
        File.WriteAllBytes(file, PickleBytes.Zip(pickle.Op('u').Done(), storages));
        Tokenizer tokenizer = CharacterTrainer.FromCharacters([.. Enumerable.Range(0, 37).Select(i => ((char)('A' + i)).ToString())]);
        RecurrentConversion.FromTorch(file, tokenizer, Output, RecurrentCell.RnnRelu);
        using LoadedModel loaded = LoadedModel.Load(Output, threadCount: 1);
        using RecurrentGraph graph = model.NewGraph();
        int[] tokens = loaded.Tokenizer.Encode("HELLOWORLD");
        Assert.Equal(DecoderGraphTests.All(graph, tokens), DecoderGraphTests.All(loaded.Model, tokens));

        Tokenizer large = CharacterTrainer.FromCharacters([.. Enumerable.Range(0, 38).Select(i => ((char)('A' + i)).ToString())]);
        Assert.Contains("38 ids", Assert.Throws<InvalidDataException>(() => RecurrentConversion.FromTorch(file, large, Output)).Message);
    }

    [Fact]
    public void What_is_no_recurrent_model_is_named()
    {
        string file = Path.Combine(_folder, "model.pt");
        byte[] pickle = new PickleBytes().Op('}').Text("w").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s').Done();
        File.WriteAllBytes(file, PickleBytes.Zip(pickle, [("0", PickleBytes.Floats(1))]));
        InvalidDataException error = Assert.Throws<InvalidDataException>(
            () => RecurrentConversion.FromTorch(file, CharacterTrainer.FromCharacters(["a"]), Output));
        Assert.Contains("0 tensors are called weight_ih_l0", error.Message);
        Assert.Contains("model.pt", error.Message);
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Product(double[] x, float[] matrix, float[] bias)
    {
        double[] y = [.. bias.Select(value => (double)value)];
        for (int row = 0; row < x.Length; row++)
            for (int column = 0; column < y.Length; column++)
                y[column] += x[row] * matrix[row * y.Length + column];
        return y;
    }
}
