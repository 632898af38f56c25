using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>Conventions of torch that an encoder relies on, and that differ from what one would guess.</summary>
public sealed class TorchConventionTests
{
    [Fact]
    public void The_backward_direction_reads_padding_first_and_ends_at_the_first_step()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        using LSTM lstm = nn.LSTM(5, 4, bidirectional: true);
        Tensor batch = randn(6, 2, 5); // [time, rows, width]; the second row has three steps
        (Tensor alone, Tensor last, _) = lstm.call(batch.narrow(1, 1, 1).narrow(0, 0, 3).contiguous());
        Tensor padded = lstm.call(batch).Item1.narrow(1, 1, 1).narrow(0, 0, 3);
        Assert.InRange(Difference(alone.narrow(2, 0, 4), padded.narrow(2, 0, 4)), 0, 1e-6f);
        Assert.True(Difference(alone.narrow(2, 4, 4), padded.narrow(2, 4, 4)) > 0.01);
        Assert.InRange(Difference(alone[2, 0].narrow(0, 0, 4), last[0, 0]), 0, 1e-6f);
        Assert.InRange(Difference(alone[0, 0].narrow(0, 4, 4), last[1, 0]), 0, 1e-6f);
    }

    // Gradients stay on: without them torch hands an fp32 LSTM that isn't packed to oneDNN, whose inference pass is wrong at small widths.
    [Theory, InlineData(1), InlineData(2)]
    public void Packed_sentences_are_those_alone_and_padded_ones_are_not(int layers)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        using LSTM lstm = nn.LSTM(5, 4, layers, bidirectional: true);
        long[] lengths = [6, 4, 1];
        Tensor batch = randn(6, 3, 5);
        using nn.utils.rnn.PackedSequence packed = nn.utils.rnn.pack_padded_sequence(batch, tensor(lengths));
        (nn.utils.rnn.PackedSequence read, Tensor hidden, _) = lstm.call(packed);
        using (read)
        {
            (Tensor output, _) = nn.utils.rnn.pad_packed_sequence(read);
            for (int row = 0; row < lengths.Length; row++)
            {
                (Tensor alone, Tensor last, _) = lstm.call(batch.narrow(1, row, 1).narrow(0, 0, lengths[row]).contiguous());
                Assert.InRange(Difference(alone, output.narrow(1, row, 1).narrow(0, 0, lengths[row])), 0, 1e-6f);
                Assert.InRange(Difference(last, hidden.narrow(1, row, 1)), 0, 1e-6f);
            }

            Assert.True(Difference(lstm.call(batch).Item1.narrow(1, 1, 1).narrow(0, 0, 4), output.narrow(1, 1, 1).narrow(0, 0, 4)) > 0.01);
        }
    }

    [Fact]
    public void Batch_first_turns_inputs_and_outputs_and_not_states()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable detached = no_grad();
        using GRU gru = nn.GRU(5, 4, numLayers: 2, batchFirst: true);
        (Tensor output, Tensor last) = gru.call(randn(3, 6, 5));
        Assert.Equal([3, 6, 4], output.shape);
        Assert.Equal([2, 3, 4], last.shape);
    }

    [Fact]
    public void A_row_that_may_look_at_nothing_is_not_a_number_in_softmax_and_is_one_in_the_fused_attention()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(full([1, 3], float.NegativeInfinity).softmax(-1).isnan().all().item<bool>());
        Tensor query = randn(1, 1, 2, 4), key = randn(1, 1, 3, 4);
        Tensor kept = tensor((bool[])[true, true, true, false, false, false], [1, 1, 2, 3]);
        Assert.False(nn.functional.scaled_dot_product_attention(query, key, key, kept).isnan().any().item<bool>());
    }

    [Fact]
    public void Weights_of_multi_head_attention_are_means_over_the_heads()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable detached = no_grad();
        manual_seed(2);
        using MultiheadAttention attention = nn.MultiheadAttention(8, 2, bias: false);
        Tensor query = randn(3, 1, 8), key = randn(4, 1, 8);
        (_, Tensor weights) = attention.call(query, key, key, key_padding_mask: null, need_weights: true, attn_mask: null);
        Dictionary<string, Tensor> parameters = attention.named_parameters().ToDictionary(item => item.name, item => (Tensor)item.parameter);
        Tensor[] projections = parameters["in_proj_weight"].chunk(3, 0);
        Tensor q = nn.functional.linear(query[TensorIndex.Colon, 0], projections[0]).view(3, 2, 4).transpose(0, 1);
        Tensor k = nn.functional.linear(key[TensorIndex.Colon, 0], projections[1]).view(4, 2, 4).transpose(0, 1);
        Tensor each = (q.bmm(k.transpose(1, 2)) / 2).softmax(-1); // sqrt of a head's width of 4
        Assert.InRange(Difference(each.mean([0]), weights[0]), 0, 1e-6f);
        Assert.True(Difference(each[0], weights[0]) > 1e-3);
    }

    private static float Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
