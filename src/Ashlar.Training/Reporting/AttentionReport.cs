using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Shared;
using Ashlar.Training.Reporting.Inside;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting;

/// <summary>What a translation model did with one sentence.</summary>
public sealed record TranslationInsight
{
    /// <summary>The sentence as it was typed.</summary>
    public required string Source { get; init; }

    /// <summary>Its translation.</summary>
    public required string Translation { get; init; }

    /// <summary>What looked at what; the decoder's view of the source first. Empty for a model without attention.</summary>
    public IReadOnlyList<AttentionMaps> Attention { get; init; } = [];

    /// <summary>The search; empty when it was greedy.</summary>
    public IReadOnlyList<BeamNode> Beams { get; init; } = [];

    /// <summary>Index of the winner's last token among <see cref="Beams"/>.</summary>
    public int BestBeam { get; init; } = -1;

    /// <summary>The sentence vector by each way of pooling; empty for a model that keeps all its states.</summary>
    public IReadOnlyList<NamedVector> Vectors { get; init; } = [];
}

/// <summary>
/// A page that shows how a sentence was translated: attention for every layer and head, the beams, the sentence vector. It
/// stands alone, needs no script and no network, and works by keyboard: layers and heads are radio buttons.
/// </summary>
public static class AttentionReport
{
    /// <summary>Rules that such pictures need beside <see cref="RunReport.Style"/> and <see cref="SvgPicture.Style"/>.</summary>
    internal const string Style = """
        .maps{overflow-x:auto;margin-top:.8rem}@supports selector(:has(a)){.maps>div{display:none}}
        fieldset{border:0;padding:0;margin:.5rem 0;display:flex;flex-wrap:wrap;gap:.25rem .9rem;align-items:baseline}fieldset[hidden]{display:none}legend{float:left;color:var(--soft);font-size:.88rem;min-width:4rem;padding:0}
        label{font-size:.95rem;white-space:nowrap;cursor:pointer}input[type=radio]{accent-color:var(--a);margin:0 .3rem 0 0}input:focus-visible{outline:2px solid var(--a);outline-offset:2px}
        .scroll{overflow-x:auto}td.n{font-variant-numeric:tabular-nums}section{margin-top:1rem}h3{font-size:1rem;font-weight:600;margin:1.2rem 0 .2rem}
        """;

    private const string PageStyle = "main{max-width:64rem}.line{font-size:1.25rem;margin:.1rem 0}";

    /// <summary>Writes the page.</summary>
    public static void Save(string path, TranslationInsight insight) => AtomicFile.WriteText(path, Page(insight));

    /// <summary>The page.</summary>
    public static string Page(TranslationInsight insight)
    {
        SentencePage page = new(new StringBuilder(), new StringBuilder());
        page.Body.Append("<h1>How a sentence was translated</h1>\n");
        page.Body.Append(CultureInfo.InvariantCulture, $"<p class=\"line\">{Escape(insight.Source)}</p><p class=\"line\"><b>{Escape(insight.Translation)}</b></p>\n");
        Append(page, insight, "a", heading: 2);
        return $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{Escape(insight.Source)}</title><style>{RunReport.Style}{SvgPicture.Style}{Style}{PageStyle}{page.Rules}</style></head><body><main>\n{page.Body}</main></body></html>\n";
    }

    /// <summary>Draws the pictures on a page.</summary>
    /// <param name="page">The page.</param>
    /// <param name="insight">What to draw.</param>
    /// <param name="id">An id that no other picture of the page has.</param>
    /// <param name="heading">Level of the headings.</param>
    internal static void Append(SentencePage page, TranslationInsight insight, string id, int heading)
    {
        page.Body.Append(CultureInfo.InvariantCulture, $"<div id=\"{id}\">\n");
        Kinds(page, insight.Attention, id);
        for (int i = 0; i < insight.Attention.Count; i++)
            Attention(page, insight.Attention[i], $"{id}-{i}", heading);
        page.Body.Append("</div>\n");
        if (insight.Beams.Count > 0)
            Section("Beam search", "Each token with its probability after those before it; at the end of a line the probability of the whole. The thick line is the winner; a broken line ends where the search dropped it.", BeamTree.Draw("", insight.Beams, insight.BestBeam));
        if (insight.Vectors.Count > 0)
            Section("The sentence as one vector", "All that the decoder is given, by each way of pooling the encoder's states. The area of a square is the magnitude; full squares are above zero, hollow ones below. Each way has its own scale: the largest number is stated, and its square fills a cell.", VectorStrips.Draw("", insight.Vectors));

        void Section(string title, string note, Picture picture) => page.Body.Append(
            CultureInfo.InvariantCulture, $"<h{heading}>{title}</h{heading}><p class=\"note\">{note}</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">{SvgPicture.Element(picture)}</div>\n");
    }

    private static void Attention(SentencePage page, AttentionMaps maps, string id, int heading)
    {
        (StringBuilder body, StringBuilder rules) = (page.Body, page.Rules);
        body.Append(CultureInfo.InvariantCulture, $"<section id=\"{id}\" class=\"kind\"><h{heading}>Attention: {Escape(maps.Name)}</h{heading}><p class=\"note\">Each row is a token, and its cells say in percent how much it took from each column. The strongest has a frame.</p>\n");
        Choices(body, id, "layer", maps.Layers);
        Choices(body, id, "head", maps.Heads);
        body.Append("<div class=\"maps\" tabindex=\"0\" role=\"region\" aria-label=\"attention\">\n");
        // One map for each choice, of which the radio buttons show one. The mean is first: it is what stands there without CSS.
        foreach (int layer in Options(maps.Layers))
        {
            foreach (int head in Options(maps.Heads))
            {
                string key = $"{layer}-{head}";
                rules.Append(CultureInfo.InvariantCulture, $"#{id}:has(#{id}-layer-{layer}:checked):has(#{id}-head-{head}:checked) .m{key}{{display:block}}");
                int? l = layer == 0 ? null : layer - 1;
                int? h = head == 0 ? null : head - 1;
                body.Append(CultureInfo.InvariantCulture, $"<div class=\"m{key}\"><p class=\"note\">{Escape(maps.Describe(l, h))}</p>");
                body.Append(SvgPicture.Element(HeatMap.Draw("", maps.Rows, maps.Columns, maps.Choose(l, h)))).Append("</div>\n");
            }
        }

        body.Append("</div>\n");
        Table(body, maps);
        body.Append("</section>\n");
    }

    // Which of the maps is shown; without CSS that can choose, all are.
    private static void Kinds(SentencePage page, IReadOnlyList<AttentionMaps> all, string id)
    {
        if (all.Count < 2)
            return;
        page.Body.Append("<fieldset><legend>what looks</legend>");
        for (int i = 0; i < all.Count; i++)
        {
            page.Body.Append(CultureInfo.InvariantCulture, $"<label for=\"{id}-kind-{i}\"><input type=\"radio\" name=\"{id}-kind\" id=\"{id}-kind-{i}\"{(i == 0 ? " checked" : "")}>{Escape(all[i].Name)}</label>");
            page.Rules.Append(CultureInfo.InvariantCulture, $"#{id}:has(#{id}-kind-{i}:checked) .kind:not(#{id}-{i}){{display:none}}");
        }

        page.Body.Append("</fieldset>\n");
    }

    // Choice 0 is the mean; where there is only one, there is nothing to choose.
    private static IEnumerable<int> Options(int count) => count == 1 ? [0] : Enumerable.Range(0, count + 1);

    private static void Choices(StringBuilder body, string id, string name, int count)
    {
        bool hidden = count == 1;
        body.Append(CultureInfo.InvariantCulture, $"<fieldset{(hidden ? " hidden" : "")}><legend>{name}</legend>");
        foreach (int choice in Options(count))
            body.Append(CultureInfo.InvariantCulture, $"<label for=\"{id}-{name}-{choice}\"><input type=\"radio\" name=\"{id}-{name}\" id=\"{id}-{name}-{choice}\"{(choice == 0 ? " checked" : "")}>{(choice == 0 ? "mean" : choice.ToString(CultureInfo.InvariantCulture))}</label>");
        body.Append("</fieldset>\n");
    }

    // The same in words.
    private static void Table(StringBuilder body, AttentionMaps maps)
    {
        float[] weights = maps.Choose();
        body.Append("<details><summary>As a table</summary><table><thead><tr><th scope=\"col\">token</th><th scope=\"col\">looks at</th></tr></thead><tbody>");
        for (int row = 0; row < maps.Rows.Count; row++)
        {
            float[] line = weights.AsSpan(row * maps.Columns.Count, maps.Columns.Count).ToArray();
            IEnumerable<string> strongest = Enumerable.Range(0, line.Length).OrderByDescending(i => line[i]).Take(3).Where(i => line[i] >= 0.05)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"{Escape(HeatMap.Shown(maps.Columns[i]))} {100 * line[i]:0}%"));
            body.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Escape(HeatMap.Shown(maps.Rows[row]))}</th><td class=\"n\">{string.Join(", ", strongest)}</td></tr>");
        }

        body.Append("</tbody></table></details>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)));
}
