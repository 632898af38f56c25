using Ashlar.Checkpoints.Configurations;
using Ashlar.Tokenizers;

namespace Ashlar.Inference.Translation;

/// <summary>A text to what the encoder reads: tags, tokens (perhaps backwards), end.</summary>
internal sealed class SourceEncoder(TranslationFormat format, Tokenizer tokenizer, TranslationOptions options)
{
    private readonly int[] _tags = Tags(format, tokenizer, options);

    /// <exception cref="InvalidDataException">A character is not in the vocabulary, which has no unknown token.</exception>
    public int[] Encode(string text)
    {
        int[] tokens = tokenizer.Encode(text);
        // Nothing to translate.
        if (tokens.Length == 0)
            return [];
        if (format.ReverseSource)
            Array.Reverse(tokens);
        return format.SourceEndId is { } end ? [.. _tags, .. tokens, end] : [.. _tags, .. tokens];
    }

    /// <summary>Where each id of an encoded text stands in it, -1 for tags and the end.</summary>
    public int[] Places(int[] source)
    {
        int[] places = new int[source.Length];
        int count = source.Length - _tags.Length - (format.SourceEndId is null ? 0 : 1);
        for (int i = 0; i < places.Length; i++)
        {
            int at = i - _tags.Length;
            places[i] = at < 0 || at >= count ? -1 : format.ReverseSource ? count - 1 - at : at;
        }

        return places;
    }

    private static int[] Tags(TranslationFormat format, Tokenizer tokenizer, TranslationOptions options)
    {
        if (format.Tags == SourceTags.None)
            return [];
        int target = Tag($"<2{options.TargetLanguage ?? throw Missing("target")}>");
        return format.Tags == SourceTags.Target ? [target] : [Tag($"<{options.SourceLanguage ?? throw Missing("source")}>"), target];

        int Tag(string tag) => tokenizer.TokenToId(tag)
            ?? throw new InvalidDataException($"the source vocabulary has no token '{tag}'; the model does not know this language.");

        static InvalidDataException Missing(string side) =>
            new($"the model reads language tags; expected a {side} language such as 'en'.");
    }
}
