using Ashlar.Kernels;
using Ashlar.Tests;

namespace Ashlar.Inference.Tests.Golden;

public sealed class ShakespeareTests
{
    // NumPy gives 1.6961454 over the last tenth in windows of 32 that do not overlap, 1.6764577 at their last positions.
    [Fact]
    public void The_character_model_costs_what_it_cost_in_numpy()
    {
        string folder = SharedData.Require("torchsharp-shakespeare-gpt");
        string text = File.ReadAllText(SharedData.Require("tinyshakespeare", "input.txt"));
        char[] alphabet = [.. text.Distinct().Order()];
        int[] tokens = [.. text[(int)(text.Length * 0.9)..].Select(c => Array.BinarySearch(alphabet, c))];
        using ShakespeareModel model = new(folder);
        int windows = (tokens.Length - 1) / 32;
        double all = 0, last = 0;
        Lock gate = new();
        Parallel.For(0, windows, window =>
        {
            float[] logits = new float[32 * 65];
            model.Advance(model.NewState(), tokens[(window * 32)..(window * 32 + 32)], logits, LogitsSelection.All);
            double sum = 0, cost = 0;
            for (int i = 0; i < 32; i++)
            {
                ReadOnlySpan<float> row = logits.AsSpan(i * 65, 65);
                sum += cost = LogSoftmax.LogSumExp(row) - row[tokens[window * 32 + i + 1]];
            }

            lock (gate)
                (all, last) = (all + sum, last + cost);
        });
        Assert.Equal(1.6961454, all / windows / 32, 1e-5);
        Assert.Equal(1.6764577, last / windows, 1e-5);
    }
}
