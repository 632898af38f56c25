namespace Ashlar.Evaluation.Translation;

/// <summary>How BLEU cuts a line into words, by sacreBLEU's names.</summary>
public enum BleuTokenizer
{
    /// <summary><c>13a</c>: mteval-v13a, the standard for Western languages.</summary>
    Mteval13a,

    /// <summary><c>none</c>: the line is tokenised already, words stand between spaces.</summary>
    None,

    /// <summary><c>intl</c>: mteval-v14's international mode, by Unicode punctuation and symbols.</summary>
    International,

    /// <summary><c>zh</c>: each Chinese character is a word, the rest as <c>13a</c>.</summary>
    Chinese,

    /// <summary><c>char</c>: each character is a word.</summary>
    Character,
}
