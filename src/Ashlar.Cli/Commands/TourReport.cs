using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Shared;
using Ashlar.Training.Loop;
using Ashlar.Training.Reporting;

namespace Ashlar.Cli.Commands;

/// <summary>The page at the end of the tour: what was learned, what it answers, which gates held.</summary>
internal static class TourReport
{
    public static string Write(string folder, TrainingResult trained, TrainingResult tuned, IReadOnlyList<(string Question, string Answer)> answers, IReadOnlyList<TourGate> gates, TimeSpan elapsed)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Ashlar tour</title><style>{RunReport.Style}</style></head><body><main>\n");
        page.Append("<h1>The tour</h1><p class=\"lead\">Text went in; a small model that answers came out. Everything on this page was trained on this machine.</p>\n");
        page.Append("<dl class=\"figures\">");
        Figure("parameters", trained.Parameters.ToString("#,0", CultureInfo.InvariantCulture));
        Figure("validation, nats a token", trained.ValidationLoss.ToString("0.000", CultureInfo.InvariantCulture));
        Figure("bits a byte", (trained.BitsPerByte ?? double.NaN).ToString("0.000", CultureInfo.InvariantCulture));
        Figure("replies, nats a token", tuned.ValidationLoss.ToString("0.000", CultureInfo.InvariantCulture));
        Figure("time", $"{elapsed:m\\:ss}");
        page.Append("</dl>\n<h2>It answers</h2>\n");
        foreach ((string question, string answer) in answers)
            page.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Escape(question)}</figcaption><pre>{Escape(answer)}</pre></figure>\n");
        page.Append("<h2>Gates</h2><table>");
        foreach (TourGate gate in gates)
            page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{(gate.Passed ? "held" : "FAILED")}: {Escape(gate.Name)}</th><td>{Escape(gate.Evidence)}</td></tr>");
        page.Append("</table>\n<h2>How it learned</h2><p><a href=\"base/report.html\">The base model</a>: curves, samples, recipe. <a href=\"chat/report.html\">The chat model</a>: the same.</p>\n");
        page.Append("</main></body></html>\n");
        string path = Path.Combine(folder, "report.html");
        AtomicFile.WriteText(path, page.ToString());
        return path;

        void Figure(string label, string value) => page.Append(CultureInfo.InvariantCulture, $"<div><dt>{label}</dt><dd>{value}</dd></div>");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
