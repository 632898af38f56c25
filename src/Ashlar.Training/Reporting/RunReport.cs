using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Shared;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting.Inside;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting;

/// <summary>
/// <c>report.html</c> of a run: curves, samples, recipe and machine on one page that needs no network and no script.
/// </summary>
public static class RunReport
{
    /// <summary>Name of the page in a run directory.</summary>
    public const string FileName = "report.html";

    /// <summary>Writes the page from the run's <c>metrics.jsonl</c> and <c>recipe.json</c>.</summary>
    /// <param name="runDirectory">The run.</param>
    /// <param name="texts">Sentences to look inside the model with, before those that the recipe names.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="InvalidDataException">Not a run, or no picture of a sentence exists for its kind of model.</exception>
    public static string Write(string runDirectory, IReadOnlyList<string>? texts = null)
    {
        string path = Path.Combine(runDirectory, FileName);
        if (!File.Exists(Path.Combine(runDirectory, "recipe.json")))
            throw new InvalidDataException($"{runDirectory}: no recipe.json; expected the folder of a run.");
        AtomicFile.WriteText(path, Page(runDirectory, MetricsLog.Read(runDirectory), texts ?? []));
        return path;
    }

    /// <summary>The picture of a sentence in a run's model, to stand in a file of its own.</summary>
    /// <exception cref="InvalidDataException">There is none for this kind of model.</exception>
    public static Picture SentencePicture(string runDirectory, string sentence) =>
        SentenceViews.Of(runDirectory).Picture(runDirectory, sentence);

    private static string Page(string runDirectory, IReadOnlyList<JsonObject> lines, IReadOnlyList<string> texts)
    {
        JsonObject recipe = RecipeFile.ReadObject(Path.Combine(runDirectory, "recipe.json"));
        JsonObject? start = lines.FirstOrDefault(line => line["parameters"] is not null);
        JsonObject[] steps = [.. lines.Where(line => line["loss"] is not null)];
        JsonObject[] validations = [.. lines.Where(line => line["validationLoss"] is not null)];
        StringBuilder page = new(), rules = new();
        string name = Escape((string)recipe["name"]!);
        page.Append(CultureInfo.InvariantCulture, $"<h1>{name}</h1><p class=\"lead\">{Escape((string?)recipe["description"] ?? "")}</p>\n");
        // Runs from before the figure's name said so have only the recipe to say it.
        bool tokenised = (string?)recipe["translation"]?["bleuTokenizer"] == "none";
        Summary(page, start, steps, validations, lines, tokenised);
        bool counted = NGramFigures.Apply(start);
        if (counted)
            NGramFigures.Append(page, start!, lines.LastOrDefault(line => line["hits"] is not null));
        else
            Losses(page, start, steps, validations);
        SentenceViews.Append(new SentencePage(page, rules), runDirectory, [.. texts, .. LookInside(recipe)], texts.Count > 0);
        page.Append("<h2>Samples</h2>\n");
        Samples(page, lines, translated: (string?)recipe["task"] == "translation");
        if (!counted)
            Course(page, steps);
        page.Append("<h2>Recipe</h2><table>");
        Rows(page, recipe, "");
        page.Append("</table><h2>Machine</h2><table>");
        Row(page, "processor", Processor());
        foreach (string key in new[] { "processors", "threads", "system", "runtime" })
            Row(page, key, start?[key]?.ToString() ?? "–");
        Row(page, "TorchSharp", typeof(TorchSharp.torch).Assembly.GetName().Version?.ToString() ?? "–");
        page.Append("</table></main></body></html>\n");
        return $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{name}</title><style>{Style}{NextTokens.Style}{SvgPicture.Style}{AttentionReport.Style}{rules}</style></head><body><main>\n{page}";
    }

    private static IEnumerable<string> LookInside(JsonObject recipe) =>
        recipe["evaluation"]?["lookInside"] is JsonArray sentences ? sentences.Select(sentence => (string)sentence!) : [];

    private static void Losses(StringBuilder page, JsonObject? start, JsonObject[] steps, JsonObject[] validations)
    {
        List<Curve> losses = [new("training", "a", Points(steps, "loss"), Smooth: true), new("validation", "b", Points(validations, "validationLoss"))];
        page.Append("<h2>Loss</h2><p class=\"note\">Nats a token, by step. Lower is better.</p>\n");
        page.Append(Chart.Draw("Loss by step", losses,
            [.. new[] { ("uniform guess", start?["uniformLoss"]), ("token frequencies", start?["unigramLoss"]) }
                .Where(item => item.Item2 is not null).Select(item => (item.Item1, (double)item.Item2!))]));
    }

    private static void Course(StringBuilder page, JsonObject[] steps)
    {
        page.Append("<h2>The course of the run</h2><div class=\"pair\">\n");
        page.Append("<div><p class=\"note\">Learning rate</p>" + Chart.Draw("Learning rate", [new("", "a", Points(steps, "learningRate"))], []) + "</div>");
        page.Append("<div><p class=\"note\">Gradient norm before clipping</p>" + Chart.Draw("Gradient norm", [new("", "a", Points(steps, "gradientNorm"), Smooth: true)], []) + "</div>");
        page.Append("<div><p class=\"note\">Tokens a second</p>" + Chart.Draw("Tokens a second", [new("", "a", Points(steps, "tokensPerSecond"), Smooth: true)], []) + "</div></div>\n");
    }

    private static void Summary(StringBuilder page, JsonObject? start, JsonObject[] steps, JsonObject[] validations, IReadOnlyList<JsonObject> lines, bool tokenised)
    {
        page.Append("<dl class=\"figures\">");
        bool counted = NGramFigures.Apply(start);
        if (!counted)
            Figure("steps", steps.Length == 0 ? "0" : Number((double)steps[^1]["step"]!));
        if (validations.Length > 0)
        {
            Figure("validation loss", ((double)validations[^1]["validationLoss"]!).ToString("0.000", CultureInfo.InvariantCulture));
            if (validations[^1]["bitsPerByte"] is { } bits)
                Figure("bits a byte", ((double)bits).ToString("0.000", CultureInfo.InvariantCulture));
        }

        string bleu = tokenised ? "tokenised BLEU" : "BLEU";
        foreach ((string key, string label) in ((string, string)[])[
            ("bleu", bleu), ("tokenisedBleu", bleu), ("testPerplexity", "test perplexity"), ("testBleu", $"test {bleu}"), ("testTokenisedBleu", $"test {bleu}")])
        {
            if (lines.LastOrDefault(line => line[key] is not null) is not { } line)
                continue;
            // A figure of several directions is followed by that of each, as bleu by bleu.zh-en.
            foreach ((string name, JsonNode? score) in line.Where(entry => entry.Key == key || entry.Key.StartsWith(key + ".", StringComparison.Ordinal)))
                Figure(label + name[key.Length..].Replace('.', ' '), ((double)score!).ToString("0.00", CultureInfo.InvariantCulture));
        }

        if (start is not null)
            Figure(counted ? "n-grams" : "parameters", Number((double)start["parameters"]!));
        if (counted)
        {
            foreach ((string label, string value) in NGramFigures.Figures(start!, lines.LastOrDefault(line => line["hits"] is not null)))
                Figure(label, value);
        }

        if (validations.Length > 0 && validations[^1]["seconds"] is { } time)
        {
            double seconds = (double)time;
            Figure("time", seconds < 90 ? $"{seconds:0} s" : $"{seconds / 60:0.0} min");
            Figure("core-hours", (seconds / 3600 * ((double?)start?["threads"] ?? 1)).ToString("0.00", CultureInfo.InvariantCulture));
        }

        page.Append("</dl>\n");
        if (lines.LastOrDefault(line => line["bleuSignature"] is not null)?["bleuSignature"] is { } signature)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{bleu}: {Escape((string)signature!)}</p>\n");

        void Figure(string label, string value) => page.Append(CultureInfo.InvariantCulture, $"<div><dt>{label}</dt><dd>{value}</dd></div>");
    }

    private static void Samples(StringBuilder page, IReadOnlyList<JsonObject> lines, bool translated)
    {
        JsonObject[] samples = [.. lines.Where(line => line["sample"] is not null)];
        if (samples.Length == 0)
            page.Append("<p class=\"note\">The recipe names no prompts.</p>");
        // All of a long run would be a book: the first, the last, and some on the way.
        int[] stepsShown = [.. samples.Select(sample => (int)sample["step"]!).Distinct()];
        HashSet<int> shown = [.. Enumerable.Range(0, Math.Min(6, stepsShown.Length)).Select(i => stepsShown[i * (stepsShown.Length - 1) / Math.Max(1, Math.Min(6, stepsShown.Length) - 1)])];
        foreach (JsonObject sample in samples.Where(sample => shown.Contains((int)sample["step"]!)).Reverse())
            page.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>step {Number((double)sample["step"]!)}</figcaption><pre><b>{Escape((string)sample["prompt"]!)}</b>{(translated ? " → " : "")}{Escape((string)sample["sample"]!)}</pre></figure>\n");
    }

    private static void Rows(StringBuilder page, JsonObject node, string prefix)
    {
        foreach ((string key, JsonNode? value) in node)
        {
            if (value is JsonObject child)
                Rows(page, child, $"{prefix}{key}.");
            else if (key is not ("name" or "description") || prefix.Length > 0)
                Row(page, prefix + key, value is JsonValue text && text.TryGetValue(out string? plain) ? plain : value?.ToJsonString() ?? "–");
        }
    }

    private static void Row(StringBuilder page, string key, string value) =>
        page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Escape(key)}</th><td>{Escape(value)}</td></tr>");

    private static (double X, double Y)[] Points(JsonObject[] lines, string key) =>
        [.. lines.Select(line => ((double)line["step"]!, (double)line[key]!)).Where(point => double.IsFinite(point.Item2))];

    private static string Number(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string Processor()
    {
        const string Linux = "/proc/cpuinfo";
        string? line = File.Exists(Linux) ? File.ReadLines(Linux).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary>The style sheet of a report, for pages that stand beside it.</summary>
    public const string Style = """
        :root{color-scheme:light dark;--ink:#1d1d1b;--paper:#fdfcf9;--soft:#6b6862;--rule:#dcd8cf;--a:#2457a6;--b:#b8460e}
        @media(prefers-color-scheme:dark){:root{--ink:#e8e5de;--paper:#171614;--soft:#a09b92;--rule:#3a3732;--a:#8fb4f0;--b:#f0a070}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 Charter,Georgia,"Noto Serif CJK SC",serif}
        main{max-width:46rem;margin:0 auto;padding:2.5rem 1.1rem 4rem}h1{font-size:2rem;line-height:1.2;margin:0 0 .3rem;font-weight:600;overflow-wrap:anywhere}
        h2{font-size:1.2rem;font-weight:600;margin:2.6rem 0 .4rem}.lead{margin:0 0 1.6rem;color:var(--soft)}.note{color:var(--soft);font-size:.88rem;margin:.2rem 0}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.9rem 1.2rem;margin:0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);padding:1rem 0}
        .figures dt{font-size:.8rem;color:var(--soft)}.figures dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
        svg{display:block;width:100%;height:auto;overflow:visible}svg text{font:13px/1 system-ui,sans-serif;fill:var(--soft)}.grid{stroke:var(--rule);stroke-width:1}
        .base{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 4}.raw{opacity:.25;stroke-width:1}path{fill:none;stroke-width:2;stroke-linejoin:round}.a{stroke:var(--a)}.b{stroke:var(--b);stroke-dasharray:7 3}
        text.ta{fill:var(--a);font-weight:600}text.tb{fill:var(--b);font-weight:600}.dot{fill:var(--b)}
        @media(max-width:36rem){svg.chart text{font-size:17px}}
        .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1.2rem 2rem}
        figure{margin:1rem 0}figcaption{font-size:.85rem;color:var(--soft)}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.2rem 0;padding-left:.9rem;border-left:2px solid var(--rule)}
        table{border-collapse:collapse;width:100%;font-size:.88rem}th,td{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--rule);font-weight:400;overflow-wrap:anywhere}th{color:var(--soft);width:45%}
        """;
}
