using Ashlar.Tokenizers.Normalizers;

namespace Ashlar.Tokenizers;

/// <summary>
/// Cuts added tokens out of a text, as Hugging Face's <c>AddedVocabulary</c> does: first those that are looked for in the text
/// as it is, then, in what is left and after normalizing it, the others.
/// </summary>
internal sealed class AddedTokenCutter
{
    private readonly AddedTokenMatcher _raw;
    private readonly AddedTokenMatcher _normalized;
    private readonly Normalizer? _normalizer;

    public AddedTokenCutter(IEnumerable<AddedToken> tokens, Normalizer? normalizer)
    {
        _normalizer = normalizer;
        ILookup<bool, AddedToken> byNormalized = tokens.ToLookup(token => token.Normalized);
        _raw = new AddedTokenMatcher(byNormalized[false]);
        _normalized = new AddedTokenMatcher(byNormalized[true], normalizer is null ? null : normalizer.Normalize);
    }

    /// <summary>An added token, or text between added tokens, normalized.</summary>
    public readonly record struct Part(string Text, int Start, int Length, bool AtStart, AddedToken? Token);

    public IEnumerable<Part> Cut(string text)
    {
        if (_raw.IsEmpty)
            return CutNormalized(text, 0, text.Length);
        return CutRaw(text);
    }

    private IEnumerable<Part> CutRaw(string text)
    {
        int at = 0;
        while (_raw.TryFind(text, at, out int start, out int end, out AddedToken token))
        {
            foreach (Part part in CutNormalized(text, at, start))
                yield return part;
            yield return new Part(text, start, end - start, start == 0, token);
            at = end;
        }

        foreach (Part part in CutNormalized(text, at, text.Length))
            yield return part;
    }

    private IEnumerable<Part> CutNormalized(string text, int from, int to)
    {
        if (from == to)
            yield break;
        bool atStart = from == 0;
        if (_normalizer is not null)
        {
            text = _normalizer.Normalize(from == 0 && to == text.Length ? text : text[from..to]);
            (from, to) = (0, text.Length);
        }

        int at = from;
        while (!_normalized.IsEmpty && _normalized.TryFind(text.AsSpan(0, to), at, out int start, out int end, out AddedToken token))
        {
            if (start > at)
                yield return new Part(text, at, start - at, atStart && at == from, null);
            yield return new Part(text, start, end - start, atStart && start == from, token);
            at = end;
        }

        if (at < to)
            yield return new Part(text, at, to - at, atStart && at == from, null);
    }
}
