using System.Runtime.InteropServices;
using System.Text.Json;
using Ashlar.Inference.Models;
using Ashlar.Kernels;

namespace Ashlar.Inference.Tests.Golden;

/// <summary>
/// TorchSharp's character model. Its block is of no family: with a = norm1(x) and b = norm2(a + attention(a)) the result is
/// b + feedForward(a + attention(a)); attention has no output projection, there is no final norm, and the output has a bias.
/// Built from the same parts as <see cref="DecoderGraph"/>, over states that hold the tokens.
/// </summary>
internal sealed class ShakespeareModel : ILanguageModel
{
    private const int Width = 80, Inner = 320, HeadCount = 4;

    private readonly Dictionary<string, float[]> _tensors = [];
    private readonly (Norm Norm1, Norm Norm2, Linear Attention, Linear Inner, Linear Outer)[] _blocks;
    private readonly Linear _output;

    public ShakespeareModel(string directory)
    {
        byte[] weights = File.ReadAllBytes(Path.Combine(directory, "weights.f32"));
        using JsonDocument list = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "weights.json")));
        foreach (JsonElement entry in list.RootElement.EnumerateArray())
        {
            int size = entry.GetProperty("shape").EnumerateArray().Aggregate(4, (product, dimension) => product * dimension.GetInt32());
            _tensors[entry.GetProperty("name").GetString()!["layers.".Length..]] =
                MemoryMarshal.Cast<byte, float>(weights.AsSpan(entry.GetProperty("offset").GetInt32(), size)).ToArray();
        }

        _blocks = [.. new[] { "block1.", "block2." }.Select(name => (
            Norm.Layer(Read, name + "ln1", Width, 1e-5),
            Norm.Layer(Read, name + "ln2", Width, 1e-5),
            Linear.FromOutputRows(Read, Width, [(name + "attn.c_attn.weight", null, 3 * Width)]),
            Linear.FromOutputRows(Read, Width, [(name + "mlp.net.c_fc.weight", null, Inner)]),
            Linear.FromOutputRows(Read, Inner, [(name + "mlp.net.c_proj.weight", null, Width)])))];
        _output = Linear.FromOutputRows(Read, Width, [("de_embed.weight", "de_embed.bias", VocabularySize)]);
    }

    public int VocabularySize => 65;

    public int? ContextLength => 32;

    public LanguageModelState NewState() => new State();

    public void Advance(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, Span<float> logits, LogitsSelection selection)
    {
        for (int i = 0; i < states.Length; i++)
        {
            List<int> past = ((State)states[i]).Tokens;
            past.AddRange(tokens[i].Span);
            float[] stream = Stream(past);
            int count = selection == LogitsSelection.All ? tokens[i].Length : 1;
            _output.Apply(stream.AsSpan((past.Count - count) * Width), count, logits, WorkerPool.Single);
            logits = logits[(count * VocabularySize)..];
        }
    }

    public void Dispose()
    {
    }

    private void Read(string name, Span<float> destination) => _tensors[name].CopyTo(destination);

    private float[] Stream(List<int> tokens)
    {
        int length = tokens.Count, size = length * Width;
        float[] x = new float[size], fused = new float[3 * size], mixed = new float[size], inner = new float[length * Inner];
        float[][] parts = [new float[size], new float[size], new float[size]];
        for (int i = 0; i < size; i++)
            x[i] = _tensors["embed.tok_emb.weight"][tokens[i / Width] * Width + i % Width] + _tensors["embed.pos_emb.weight"][i];
        foreach ((Norm norm1, Norm norm2, Linear attention, Linear first, Linear second) in _blocks)
        {
            norm1.Apply(x, x);
            attention.Apply(x, length, fused, WorkerPool.Single);
            for (int t = 0; t < length; t++)
                for (int part = 0; part < 3; part++)
                    fused.AsSpan((t * 3 + part) * Width, Width).CopyTo(parts[part].AsSpan(t * Width));
            Attention.Causal(parts[0], parts[1], parts[2], HeadCount, HeadCount, Width / HeadCount, mixed);
            Addition.Accumulate(x, mixed);
            first.Apply(x, length, inner, WorkerPool.Single);
            Gelu.ApplyTanh(inner);
            second.Apply(inner, length, mixed, WorkerPool.Single);
            norm2.Apply(x, x);
            Addition.Accumulate(x, mixed);
        }

        return x;
    }

    private sealed class State : LanguageModelState
    {
        public List<int> Tokens { get; } = [];

        public override int Length => Tokens.Count;

        public override LanguageModelState Fork() => throw new NotSupportedException();

        public override void Truncate(int length) => Tokens.RemoveRange(length, Tokens.Count - length);
    }
}
