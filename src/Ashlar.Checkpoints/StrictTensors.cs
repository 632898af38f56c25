using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints;

/// <summary>Matches what a checkpoint holds against what its configuration says it must hold.</summary>
public static class StrictTensors
{
    private const string Gpt2Prefix = "transformer.";

    /// <summary>
    /// Maps each expected name to the name in the source. GPT-2 files with and without <c>transformer.</c> are accepted;
    /// attention masks, rotary frequencies and a tied output projection, which older writers store, are passed over.
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the sentence names it.</exception>
    public static IReadOnlyDictionary<string, string> Match(ITensorSource source, DecoderConfiguration configuration)
    {
        Dictionary<string, string> names = [];
        foreach (TensorDescription expected in DecoderTensors.Of(configuration))
        {
            string name = expected.Name;
            if (!source.TryGet(name, out TensorInfo? info) && name.StartsWith(Gpt2Prefix, StringComparison.Ordinal))
                _ = source.TryGet(name = name[Gpt2Prefix.Length..], out info);
            if (info is null)
                throw new InvalidDataException($"{source.Source}: tensor {expected.Name} of shape [{string.Join(", ", expected.Shape)}] is missing.");
            if (!info.Shape.SequenceEqual(expected.Shape))
                throw new InvalidDataException($"{source.Source}: tensor {name} has shape {info.ShapeText}; the configuration expects [{string.Join(", ", expected.Shape)}].");
            names.Add(expected.Name, name);
        }

        HashSet<string> used = [.. names.Values];
        foreach (string name in source.Names)
        {
            bool buffer = name.EndsWith(".attn.bias", StringComparison.Ordinal)
                || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal)
                || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
                || (configuration.TieEmbeddings && name == "lm_head.weight");
            if (!used.Contains(name) && !buffer)
                throw new InvalidDataException($"{source.Source}: tensor {name} is not part of a {configuration.Architecture} model of this configuration.");
        }

        return names;
    }
}
