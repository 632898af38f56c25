using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models.Recurrent;

/// <summary>The example of docs/en/rnn.md, as it stands there.</summary>
public sealed class CourseExampleTests
{
    [Fact]
    public void Four_vectors_through_a_recurrent_layer_and_a_projection()
    {
        using DisposeScope scope = NewDisposeScope();
        RNN rnn = nn.RNN(32, 64);
        Tensor x = torch.randn(4, 32), state = torch.zeros(1, 64);   // 4 time steps; 1 layer
        (Tensor output, Tensor last) = rnn.call(x.unsqueeze(1), state.unsqueeze(1)); // a batch of one, which TorchSharp asks for
        (output, last) = (output.squeeze(1), last.squeeze(1));        // [4, 64] and [1, 64]
        Linear projection = nn.Linear(64, 1000);
        Tensor probabilities = projection.call(output).softmax(-1);   // [4, 1000]; each row sums to 1

        Assert.Equal([4, 64], output.shape);
        Assert.Equal([1, 64], last.shape);
        Assert.Equal([4, 1000], probabilities.shape);
        Assert.All(probabilities.sum(-1).data<float>().ToArray(), sum => Assert.Equal(1, sum, 1e-5));
        Assert.Equal(output[3].data<float>().ToArray(), last[0].data<float>().ToArray());

        // The same by hand, step by step: h = tanh(W x + b + U h + d).
        Dictionary<string, Parameter> weights = rnn.named_parameters().ToDictionary(item => item.name, item => item.parameter);
        Tensor h = zeros(64);
        for (int step = 0; step < 4; step++)
        {
            h = (weights["weight_ih_l0"].mv(x[step]) + weights["bias_ih_l0"] + weights["weight_hh_l0"].mv(h) + weights["bias_hh_l0"]).tanh();
            TinyRecurrent.Close(h.data<float>().ToArray(), output[step].data<float>().ToArray(), 1e-5);
        }
    }
}
