using System.Text.RegularExpressions;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>A choice of a configuration that does not go with its others.</summary>
/// <param name="Key">Its key in <c>config.json</c>.</param>
/// <param name="Value">What stands there.</param>
/// <param name="Expected">What was expected; other keys stand in braces, as in <c>false, because {attention} is none</c>.</param>
public sealed partial record ConfigurationConflict(string Key, string Value, string Expected)
{
    /// <summary>What was expected, in the words of whoever was asked: a recipe has other names for the same choices.</summary>
    /// <param name="name">The name of a key of <c>config.json</c>.</param>
    public string ExpectedBy(Func<string, string> name) => KeyInBraces().Replace(Expected, match => name(match.Groups[1].Value));

    /// <summary>One sentence in the words of <c>config.json</c>.</summary>
    public override string ToString() => $"{Key} is {Value}; expected {ExpectedBy(key => key)}.";

    internal static ConfigurationConflict Shared(int source, int target) => new(
        "share_encoder_decoder_embeddings", "true", $"false, or {{vocab_size}} ({source}) equal to {{decoder_vocab_size}} ({target})");

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex KeyInBraces();
}
