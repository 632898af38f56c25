using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// A recurrent decoder's attention: additive (Bahdanau et al. 2015, appendix A.1.2), dot, general or concat (Luong et al. 2015,
/// equation 8). What depends on the source alone is computed once.
/// </summary>
internal sealed class SourceAttention
{
    private readonly EncodedSources _sources;
    private readonly PassProducts _products;
    private readonly Tensor _padding;
    private readonly Tensor? _query;
    private readonly Tensor? _keys;  // K m + k
    private readonly Tensor? _score; // v

    public SourceAttention(RecurrentTranslationConfiguration c, ParameterStore store, EncodedSources sources, PassProducts products)
    {
        (_sources, _products) = (sources, products);
        _padding = sources.Mask.logical_not();
        if (c.Attention != RecurrentAttention.LuongDot)
            _query = store["decoder.attention.query.weight"].Value;
        if (!c.IsAdditive)
            return;
        _keys = products.Linear(sources.Memory, store["decoder.attention.memory.weight"].Value, store["decoder.attention.memory.bias"].Value);
        _score = store["decoder.attention.score.weight"].Value;
    }

    /// <summary>The context, [rows, memory width], and the weights, [rows, source length], 0 on padding.</summary>
    /// <param name="hidden">The query q, [rows, decoder width].</param>
    public (Tensor Context, Tensor Weights) Attend(Tensor hidden)
    {
        Tensor query = _query is null ? hidden : _products.Linear(hidden, _query);
        Tensor scores = _keys is null
            ? _sources.Memory.bmm(query.unsqueeze(2)).squeeze(2)
            : functional.linear((_keys + query.unsqueeze(1)).tanh(), _score!).squeeze(2);
        Tensor weights = functional.softmax(scores.masked_fill(_padding, float.NegativeInfinity), 1);
        return (weights.unsqueeze(1).bmm(_sources.Memory).squeeze(1), weights);
    }
}
