using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>One of the four normalization forms of Unicode (UAX #15).</summary>
/// <param name="form">Which.</param>
public sealed class UnicodeNormalizer(NormalizationForm form) : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text) => UnicodeNormalization.Normalize(text, form);

    internal override JsonObject Write() => new()
    {
        ["type"] = form switch
        {
            NormalizationForm.FormC => "NFC",
            NormalizationForm.FormD => "NFD",
            NormalizationForm.FormKC => "NFKC",
            _ => "NFKD",
        },
    };
}
