using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Tokenizers;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>Tokens as a reader can see them: white space has a sign, and what is no text is named.</summary>
internal static class TokenText
{
    /// <summary>A token as HTML, for instance <c>&lt;span class="tok"&gt;␣the&lt;/span&gt;</c>.</summary>
    public static string Html(Tokenizer tokenizer, int token) => $"<span class=\"tok\">{WebUtility.HtmlEncode(Visible(tokenizer, token))}</span>";

    /// <summary>A token as plain text.</summary>
    public static string Visible(Tokenizer tokenizer, int token)
    {
        if (token >= tokenizer.VocabularySize)
            return $"#{token}";
        string text = tokenizer.IsSpecial(token) ? tokenizer.IdToToken(token) : tokenizer.Decode([token]);
        if (text.Length == 0 || text.Contains('\uFFFD'))
            text = tokenizer.IdToToken(token);
        StringBuilder visible = new(text.Length);
        foreach (char c in text)
        {
            visible.Append(c switch
            {
                ' ' => "␣",
                '\n' => "↵",
                '\t' => "⇥",
                '\r' => "␍",
                _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => c.ToString(),
            });
        }

        return visible.ToString();
    }
}
