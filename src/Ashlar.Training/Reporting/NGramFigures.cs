using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Training.Reporting.Inside;

namespace Ashlar.Training.Reporting;

/// <summary>What a report shows of a counted run in place of curves: how many n-grams there are, and how far they reach on held-out text.</summary>
internal static class NGramFigures
{
    /// <summary>Whether a run was counted.</summary>
    public static bool Apply(JsonObject? start) => start?["ngrams"] is JsonArray;

    /// <summary>The key figures.</summary>
    public static IEnumerable<(string Label, string Value)> Figures(JsonObject start, JsonObject? final)
    {
        if (final?["perplexity"] is { } perplexity)
            yield return ("perplexity", ((double)perplexity).ToString("#,0.00", CultureInfo.InvariantCulture));
        yield return ("tokens counted", Number(start["tokens"]));
        yield return ("file, MB", ((double)start["bytes"]! / 1e6).ToString("0.0", CultureInfo.InvariantCulture));
    }

    /// <summary>A table by order: n-grams, and the share of held-out tokens for which this order is the longest that was seen.</summary>
    public static void Append(StringBuilder page, JsonObject start, JsonObject? final)
    {
        page.Append("<h2>Orders</h2><p class=\"note\">How often the longest n-gram that ends at a held-out token and was seen in training has this length, and what such tokens cost. "
            + $"For comparison: a uniform guess costs {Nats(start["uniformLoss"])} nats a token, token frequencies {Nats(start["unigramLoss"])}.</p>\n");
        page.Append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"orders\"><table><thead><tr><th scope=\"col\">longest seen</th><th scope=\"col\">different in training</th><th scope=\"col\">share of held-out tokens</th><th scope=\"col\">nats a token</th></tr></thead><tbody>");
        JsonArray sizes = start["ngrams"]!.AsArray();
        JsonArray? hits = final?["hits"]?.AsArray(), nats = final?["hitNats"]?.AsArray();
        double all = hits?.Sum(count => (double)count!) ?? 0;
        for (int order = sizes.Count; order >= 0; order--)
        {
            double count = hits is null ? 0 : (double)hits[order]!;
            string cost = count == 0 ? "–" : nats![order] is { } sum ? ((double)sum / count).ToString("0.000", CultureInfo.InvariantCulture) : "infinite";
            page.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{(order == 0 ? "nothing" : $"{order}-gram")}</th><td>{(order == 0 ? "" : Number(sizes[order - 1]))}</td><td>{(all == 0 ? "–" : NextTokens.Bar(count / all))}</td><td>{cost}</td></tr>");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static string Number(JsonNode? value) => ((double)value!).ToString("#,0", CultureInfo.InvariantCulture);

    private static string Nats(JsonNode? value) => ((double)value!).ToString("0.000", CultureInfo.InvariantCulture);
}
