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
    public static IReadOnlyDictionary<string, string> Match(ITensorSource source, DecoderConfiguration configuration) =>
        Match(
            source,
            DecoderTensors.Of(configuration),
            name => name.StartsWith(Gpt2Prefix, StringComparison.Ordinal) ? name[Gpt2Prefix.Length..] : null,
            name => name.EndsWith(".attn.bias", StringComparison.Ordinal)
                || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal)
                || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
                || (configuration.TieEmbeddings && name == "lm_head.weight"),
            $"{configuration.Architecture} model");

    /// <summary>
    /// Maps each tensor a recurrent language model needs to its name in the source; a tied output projection that is
    /// stored as well is passed over.
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the sentence names it.</exception>
    public static IReadOnlyDictionary<string, string> Match(ITensorSource source, RecurrentConfiguration configuration) => Match(
        source,
        RecurrentTensors.Of(configuration),
        _ => null,
        name => configuration.TieEmbeddings && name == "decoder.weight",
        $"recurrent language model ({configuration.Cell.Name()})");

    /// <summary>
    /// Maps each tensor an encoder-decoder Transformer needs to its name in the source. Second copies of shared and tied tables,
    /// and stored sinusoids, which Marian's writers leave behind, are passed over.
    /// </summary>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the sentence names it.</exception>
    public static IReadOnlyDictionary<string, string> Match(ITensorSource source, TransformerConfiguration configuration) => Match(
        source,
        TransformerTensors.Of(configuration),
        name => name == "model.shared.weight" ? "model.encoder.embed_tokens.weight" : null,
        name => (configuration.ShareEmbeddings && (name is "model.encoder.embed_tokens.weight" or "model.decoder.embed_tokens.weight"))
            || (configuration.TieProjection && name == "lm_head.weight")
            || (configuration.Positions == PositionEncoding.Sinusoidal && name.EndsWith(".embed_positions.weight", StringComparison.Ordinal)),
        "encoder-decoder Transformer");

    /// <summary>Maps each tensor a recurrent encoder-decoder needs to its name in the source.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the sentence names it.</exception>
    public static IReadOnlyDictionary<string, string> Match(ITensorSource source, RecurrentTranslationConfiguration configuration) => Match(
        source,
        RecurrentTranslationTensors.Of(configuration),
        _ => null,
        _ => false,
        $"recurrent encoder-decoder ({configuration.Cell.Name()}, attention {configuration.Attention.Name()})");

    /// <summary>Maps each expected name to the name in the source.</summary>
    /// <param name="source">What there is.</param>
    /// <param name="expected">What there must be.</param>
    /// <param name="otherName">A second name under which a tensor may be found, or null.</param>
    /// <param name="passOver">Whether a tensor that is not expected may be there.</param>
    /// <param name="model">The kind of model, for messages.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the sentence names it.</exception>
    public static IReadOnlyDictionary<string, string> Match(
        ITensorSource source,
        IEnumerable<TensorDescription> expected,
        Func<string, string?> otherName,
        Func<string, bool> passOver,
        string model)
    {
        Dictionary<string, string> names = [];
        foreach (TensorDescription tensor in expected)
        {
            string name = tensor.Name;
            if (!source.TryGet(name, out TensorInfo? info) && otherName(name) is { } other)
                _ = source.TryGet(name = other, out info);
            if (info is null)
                throw new InvalidDataException($"{source.Source}: tensor {tensor.Name} of shape [{string.Join(", ", tensor.Shape)}] is missing.");
            if (!info.Shape.SequenceEqual(tensor.Shape))
                throw new InvalidDataException($"{source.Source}: tensor {name} has shape {info.ShapeText}; the configuration expects [{string.Join(", ", tensor.Shape)}].");
            names.Add(tensor.Name, name);
        }

        HashSet<string> used = [.. names.Values];
        foreach (string name in source.Names)
            if (!used.Contains(name) && !passOver(name))
                throw new InvalidDataException($"{source.Source}: tensor {name} is not part of a {model} of this configuration.");
        return names;
    }
}
