using Ashlar.Checkpoints.Configurations;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Training;

/// <summary>
/// The peer: GPT-2 as TorchSharp's users write it, from its own modules, in fp32, with one fused attention call a layer and the
/// output projection tied to the embedding.
/// </summary>
internal sealed class PlainGpt : Module<Tensor, Tensor>
{
    private readonly Embedding _tokens;
    private readonly Embedding _positions;
    private readonly ModuleList<PlainBlock> _blocks;
    private readonly LayerNorm _norm;

    public PlainGpt(DecoderConfiguration c)
        : base(nameof(PlainGpt))
    {
        _tokens = Embedding(c.VocabularySize, c.Width);
        _positions = Embedding(c.ContextLength, c.Width);
        _blocks = new ModuleList<PlainBlock>([.. Enumerable.Range(0, c.LayerCount).Select(_ => new PlainBlock(c))]);
        _norm = LayerNorm(c.Width);
        RegisterComponents();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            using IDisposable detached = no_grad();
            if (parameter.dim() == 2)
                parameter.normal_(0, 0.02);
            else if (name.EndsWith("bias", StringComparison.Ordinal))
                parameter.zero_();
        }
    }

    public override Tensor forward(Tensor tokens)
    {
        Tensor positions = arange(tokens.shape[1], ScalarType.Int64);
        Tensor x = _tokens.forward(tokens) + _positions.forward(positions);
        foreach (PlainBlock block in _blocks)
            x = block.forward(x);
        return functional.linear(_norm.forward(x), _tokens.weight!);
    }

    private sealed class PlainBlock : Module<Tensor, Tensor>
    {
        private readonly long _heads;
        private readonly LayerNorm _norm1;
        private readonly Linear _project;
        private readonly Linear _combine;
        private readonly LayerNorm _norm2;
        private readonly Linear _expand;
        private readonly Linear _contract;

        public PlainBlock(DecoderConfiguration c)
            : base(nameof(PlainBlock))
        {
            _heads = c.HeadCount;
            _norm1 = LayerNorm(c.Width);
            _project = Linear(c.Width, 3 * c.Width);
            _combine = Linear(c.Width, c.Width);
            _norm2 = LayerNorm(c.Width);
            _expand = Linear(c.Width, c.FeedForwardWidth);
            _contract = Linear(c.FeedForwardWidth, c.Width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            (long rows, long length, long width) = (x.shape[0], x.shape[1], x.shape[2]);
            Tensor[] parts = _project.forward(_norm1.forward(x)).chunk(3, -1);
            Tensor[] heads = [.. parts.Select(part => part.view(rows, length, _heads, -1).transpose(1, 2))];
            Tensor mixed = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2], is_casual: true);
            x = x + _combine.forward(mixed.transpose(1, 2).reshape(rows, length, width));
            Tensor inner = functional.gelu(_expand.forward(_norm2.forward(x)), TorchSharp.Modules.GELU.Approximate.tanh);
            return x + _contract.forward(inner);
        }
    }
}
