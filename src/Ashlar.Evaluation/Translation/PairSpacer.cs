using System.Text;

namespace Ashlar.Evaluation.Translation;

/// <summary>
/// Puts spaces where neighbouring characters ask for them. Like a global substitution of a two-character pattern, matches do
/// not overlap: the character that ends one match can't begin the next.
/// </summary>
internal sealed class PairSpacer(string text)
{
    private static readonly Rune Space = new(' ');
    private List<Rune> _runes = [.. text.EnumerateRunes()];

    /// <summary>A space on both sides of each character that matches.</summary>
    public void Around(Func<Rune, bool> matches)
    {
        List<Rune> spaced = new(_runes.Count * 2);
        foreach (Rune rune in _runes)
        {
            if (matches(rune))
                spaced.AddRange([Space, rune, Space]);
            else
                spaced.Add(rune);
        }

        _runes = spaced;
    }

    /// <summary>A pair "ab" becomes "a b ".</summary>
    public void AfterFirst(Func<Rune, bool> first, Func<Rune, bool> second) => Pairs(first, second, (a, b) => [a, Space, b, Space]);

    /// <summary>A pair "ab" becomes " a b".</summary>
    public void BeforeFirst(Func<Rune, bool> first, Func<Rune, bool> second) => Pairs(first, second, (a, b) => [Space, a, Space, b]);

    public override string ToString()
    {
        StringBuilder text = new(_runes.Count);
        foreach (Rune rune in _runes)
            text.Append(rune.ToString());
        return text.ToString();
    }

    private void Pairs(Func<Rune, bool> first, Func<Rune, bool> second, Func<Rune, Rune, Rune[]> replace)
    {
        List<Rune> spaced = new(_runes.Count * 2);
        for (int i = 0; i < _runes.Count; i++)
        {
            if (i + 1 < _runes.Count && first(_runes[i]) && second(_runes[i + 1]))
            {
                spaced.AddRange(replace(_runes[i], _runes[i + 1]));
                i++;
            }
            else
            {
                spaced.Add(_runes[i]);
            }
        }

        _runes = spaced;
    }
}
