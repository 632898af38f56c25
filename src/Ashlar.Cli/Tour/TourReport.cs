using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Shared;
using Ashlar.Training.Reporting;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Cli.Tour;

/// <summary>The page at the end of the tour: every rung with its score beside the others', what it wrote, and which gates held.</summary>
internal static class TourReport
{
    public static string Write(string folder, IReadOnlyList<RungResult> rungs, TimeSpan elapsed)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Ashlar tour</title><style>{RunReport.Style}{SvgPicture.Style}{Style}</style></head><body><main>\n");
        page.Append("<h1>The tour</h1><p class=\"lead\">Text went in; a small model that answers came out. Everything on this page was trained on this machine.</p>\n");
        Ladder(page, rungs);
        foreach (RungResult rung in rungs.Where(rung => rung.Samples.Count > 0 || rung.Picture is not null).Reverse())
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(rung.Name)}</h2>\n");
            foreach ((string prompt, string text) in rung.Samples)
                page.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Escape(prompt)}</figcaption><pre>{Escape(text)}</pre></figure>\n");
            if (rung.Picture is { } picture)
                page.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Escape(rung.Caption)}</figcaption><div class=\"scroll\" tabindex=\"0\">{picture}</div></figure>\n");
            if (rung.Page is { } more)
                page.Append(CultureInfo.InvariantCulture, $"<p><a href=\"{rung.Run}/{more}\">Every layer and head, and the beams of the search</a></p>\n");
        }

        page.Append("<h2>Gates</h2><table>");
        foreach (TourGate gate in rungs.SelectMany(rung => rung.Gates))
            page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{(gate.Passed ? "held" : "FAILED")}: {Escape(gate.Name)}</th><td>{Escape(gate.Evidence)}</td></tr>");
        page.Append(CultureInfo.InvariantCulture, $"</table>\n<p class=\"note\">{elapsed:m\\:ss} minutes in all.</p></main></body></html>\n");
        string path = Path.Combine(folder, "report.html");
        AtomicFile.WriteText(path, page.ToString());
        return path;
    }

    private static void Ladder(StringBuilder page, IReadOnlyList<RungResult> rungs)
    {
        page.Append("<h2>The ladder</h2><p class=\"note\">Bits per byte of the same held-out text: lower is better, and comparable from rung to rung. Each name leads to the rung's own report.</p>\n");
        page.Append("<table class=\"ladder\"><tr><th scope=\"col\">rung</th><th scope=\"col\">bits per byte</th><th scope=\"col\">score</th><th scope=\"col\">parameters</th><th scope=\"col\">time</th></tr>\n");
        foreach (RungResult rung in rungs)
        {
            string bits = rung.BitsPerByte is { } value ? value.ToString("0.000", CultureInfo.InvariantCulture) : "";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"{rung.Run}/report.html\">{Escape(rung.Name)}</a></td><td>{bits}</td><td>{Escape(rung.Score)}</td><td>{rung.Parameters:#,0}</td><td>{rung.Elapsed:m\\:ss}</td></tr>\n");
        }

        page.Append("</table>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private const string Style = ".ladder td:nth-child(2),.ladder td:nth-child(4),.ladder td:nth-child(5){font-variant-numeric:tabular-nums;white-space:nowrap}.ladder th{width:auto;white-space:nowrap}.ladder td:first-child{white-space:nowrap}a{color:var(--a)}.scroll{overflow-x:auto}"
        // A phone has no room for five columns: each rung becomes a short list.
        + "@media(max-width:36rem){.ladder tbody,.ladder tr,.ladder td{display:block}.ladder tr:first-child,.ladder td:empty{display:none}.ladder tr{border-bottom:1px solid var(--rule);padding:.4rem 0}.ladder td{border:0;padding:0}.ladder td:nth-child(2)::after{content:' bits per byte'}.ladder td:nth-child(4)::after{content:' parameters'}.ladder td:nth-child(5)::after{content:' minutes'}}";
}
