using System.Globalization;
using System.Text;
using Ashlar.Tokenizers;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>The likeliest next tokens as bars with their numbers.</summary>
internal static class NextTokens
{
    /// <summary>Draws the likeliest tokens of a distribution.</summary>
    /// <param name="page">Receives HTML.</param>
    /// <param name="tokenizer">Spells the tokens.</param>
    /// <param name="probabilities">[vocabulary]</param>
    /// <param name="actual">The token that the text goes on with, or -1.</param>
    /// <param name="count">How many.</param>
    public static void Draw(StringBuilder page, Tokenizer tokenizer, ReadOnlySpan<double> probabilities, int actual, int count = 5)
    {
        int[] best = Best(probabilities, count);
        page.Append("<table class=\"next\"><caption>likeliest next tokens</caption>");
        foreach (int token in best)
        {
            string mark = token == actual ? " ← the text" : "";
            page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{TokenText.Html(tokenizer, token)}{mark}</th><td>{Bar(probabilities[token])}</td></tr>");
        }

        page.Append("</table>");
    }

    /// <summary>A bar as long as a share of one, with the number beside it.</summary>
    public static string Bar(double share) => Bar(share, share);

    /// <summary>A bar as long as a share of one, with another number beside it.</summary>
    public static string Bar(double share, double number) => string.Create(
        CultureInfo.InvariantCulture, $"<span class=\"bar\" style=\"width:{Math.Clamp(share, 0, 1) * 60:0.0}%\"></span><span class=\"num\">{Number(number)}</span>");

    /// <summary>A probability with as many digits as it needs.</summary>
    public static string Number(double p) => p switch
    {
        0 => "0",
        < 0.0005 => p.ToString("0.0e0", CultureInfo.InvariantCulture),
        < 0.0995 => p.ToString("0.0000", CultureInfo.InvariantCulture),
        _ => p.ToString("0.000", CultureInfo.InvariantCulture),
    };

    /// <summary>The likeliest tokens, the likeliest first.</summary>
    public static int[] Best(ReadOnlySpan<double> probabilities, int count)
    {
        PriorityQueue<int, (double, int)> queue = new();
        for (int token = 0; token < probabilities.Length; token++)
        {
            queue.Enqueue(token, (probabilities[token], -token));
            if (queue.Count > count)
                queue.Dequeue();
        }

        int[] best = new int[queue.Count];
        for (int i = best.Length - 1; i >= 0; i--)
            best[i] = queue.Dequeue();
        return best;
    }

    /// <summary>The style sheet of these pictures, after the report's.</summary>
    public const string Style = """
        .sentence{margin:1.4rem 0}.sentence>figcaption{color:var(--ink);font-size:1rem;margin-bottom:.4rem;overflow-wrap:anywhere}
        details{border-bottom:1px solid var(--rule)}details>summary{display:grid;grid-template-columns:1.1rem minmax(4.5rem,9rem) 1fr;gap:.2rem .6rem;align-items:center;padding:.35rem 0;cursor:pointer;list-style:none}
        details>summary::-webkit-details-marker{display:none}details>summary::before{content:"▸";color:var(--soft)}details[open]>summary::before{content:"▾"}
        summary>.tok{justify-self:start;max-width:100%;overflow:hidden;text-overflow:ellipsis}summary:focus-visible{outline:2px solid var(--a);outline-offset:2px}summary .why{grid-column:2/-1;font-size:.8rem;color:var(--soft)}
        .inside{padding:.2rem 0 1rem 1.7rem}.wide{overflow-x:auto;margin-bottom:.8rem}.wide table{min-width:30rem}.wide td:nth-child(3){min-width:7.4rem}.wide td,.wide th{width:auto;white-space:nowrap;overflow-wrap:normal;font-variant-numeric:tabular-nums;padding-right:.6rem}
        .wide thead th{font-size:.78rem;vertical-align:bottom;white-space:normal}.wide tr.seen th,.wide tr.seen td{color:var(--ink)}.wide tr.unseen td,.wide tr.unseen th{color:var(--soft);font-style:italic}
        .tok{font:.92em/1.3 ui-monospace,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;border:1px solid var(--rule);border-radius:3px;padding:0 .2em;white-space:pre;color:var(--ink)}
        .bar{display:inline-block;height:.7em;background:var(--a);min-width:1px;vertical-align:baseline;margin-right:.4em}.num{font-variant-numeric:tabular-nums;font-size:.85rem}
        .scroll{overflow-x:auto;margin:.3rem 0 .8rem}.scroll:focus-visible{outline:2px solid var(--a);outline-offset:2px}
        .next{max-width:26rem;margin-bottom:.8rem}.next caption{text-align:left;font-size:.8rem;color:var(--soft)}.next th{width:45%}.next td{font-variant-numeric:tabular-nums}@media(max-width:36rem){.inside{padding-left:.3rem}}.sum{font-size:.88rem;margin:.2rem 0 .8rem;overflow-wrap:anywhere}
        """;
}
