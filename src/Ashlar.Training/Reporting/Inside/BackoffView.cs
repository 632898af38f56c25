using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Inference;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Tokenizers;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>
/// The back-off path of an n-gram model: for each token of a sentence, what every order knew, how much of the probability it gave and
/// how much it left to the order below.
/// </summary>
internal sealed class BackoffView : LanguageModelView
{
    private const int Longest = 80;

    public override string Title => "Inside: the back-off path";

    public override string Explanation =>
        "The picture says in percent how much of a token's probability comes from each order; the longest n-gram that was seen has a frame, and a dash is a context that never was. "
        + "Open a token below it for the counts. Each order looks for the words before the token in its counts, gives the token "
        + "(count − discount) / total, and leaves its weight to the next shorter context. \"Adds\" is what the order contributes to the probability: the "
        + "column sums to it. Where a context was never seen, all of the weight goes on. Lower orders of Kneser-Ney count in how many different contexts a token stood.";

    protected override void Draw(StringBuilder page, LoadedModel model, string sentence, string name)
    {
        NGramModel ngrams = (NGramModel)model.Model;
        (int[] tokens, int start) = Read(model, sentence);
        int end = Math.Min(tokens.Length, start + Longest);
        double nats = 0;
        for (int i = start; i < tokens.Length; i++)
            nats -= Math.Log(ngrams.Probability(tokens.AsSpan(0, i), tokens[i]));
        page.Append(CultureInfo.InvariantCulture, $"<figure class=\"sentence\"><figcaption>{WebUtility.HtmlEncode(sentence)} <span class=\"note\">{tokens.Length - start} tokens, {nats / Math.Max(1, tokens.Length - start):0.000} nats each</span></figcaption>\n");
        page.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"orders by token\">").Append(SvgPicture.Element(Picture(model, "", tokens, start))).Append("</div>\n");
        for (int i = start; i < end; i++)
            Step(page, ngrams, model.Tokenizer, tokens.AsSpan(0, i), tokens[i], name, open: i == start + 1);
        if (end < tokens.Length)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">The first {Longest} tokens are shown.</p>");
        page.Append("</figure>\n");
    }

    protected override Picture Picture(LoadedModel model, string sentence)
    {
        (int[] tokens, int start) = Read(model, sentence);
        return Picture(model, sentence, tokens, start);
    }

    private static Picture Picture(LoadedModel model, string title, int[] tokens, int start)
    {
        NGramModel ngrams = (NGramModel)model.Model;
        int[] shown = [.. Enumerable.Range(start, Math.Min(Longest, tokens.Length - start))];
        return BackoffShares.Draw(
            title,
            [.. shown.Select(i => TokenText.Visible(model.Tokenizer, tokens[i]))],
            [.. shown.Select(i => ngrams.Explain(tokens.AsSpan(0, i), tokens[i]))],
            ngrams.Header.Order,
            ngrams.Header.Smoothing);
    }

    // The sentence between its ends; the first token that is predicted.
    private static (int[] Tokens, int Start) Read(LoadedModel model, string sentence)
    {
        NGramHeader header = ((NGramModel)model.Model).Header;
        List<int> text = [.. model.Tokenizer.Encode(sentence)];
        if (header.BeginId >= 0)
            text.Insert(0, header.BeginId);
        if (header.EndId >= 0)
            text.Add(header.EndId);
        return ([.. text], header.BeginId >= 0 ? 1 : 0);
    }

    private static void Step(StringBuilder page, NGramModel model, Tokenizer tokenizer, ReadOnlySpan<int> history, int token, string name, bool open)
    {
        BackoffPath path = model.Explain(history, token);
        int found = path.Steps.FirstOrDefault(step => step.Found)?.Order ?? 0;
        string why = found == 0 ? "never seen in training" : found == 1 ? "seen, but not after these words" : $"the longest n-gram seen: {found} tokens";
        page.Append(CultureInfo.InvariantCulture, $"<details name=\"{name}\"{(open ? " open" : "")}><summary>{TokenText.Html(tokenizer, token)}<span>{NextTokens.Bar(path.Probability)}</span><span class=\"why\">{why}</span></summary>\n<div class=\"inside\">");
        bool counted = model.Header.Smoothing != NGramSmoothing.BackOff;
        page.Append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"orders\"><table><thead><tr>");
        foreach (string column in counted
            ? (string[])["order", "after", "adds", "count", "of", "different next", model.Header.Smoothing == NGramSmoothing.AddK ? "added" : "discount", "own share", "left to lower"]
            : ["order", "after", "different next", "found", "back-off weight", "probability"])
            page.Append("<th scope=\"col\">").Append(column).Append("</th>");
        page.Append("</tr></thead><tbody>");
        double weight = 1;
        List<string> terms = [];
        foreach (BackoffStep step in path.Steps)
        {
            double adds = weight * step.Own;
            string context = step.Context.Count == 0 ? "(nothing)" : string.Join(' ', step.Context.Select(id => TokenText.Html(tokenizer, id)));
            page.Append(CultureInfo.InvariantCulture, $"<tr class=\"{(step.Found ? "seen" : "unseen")}\"><th scope=\"row\">{step.Order}-gram</th><td>{context}</td>");
            if (!counted)
                page.Append(CultureInfo.InvariantCulture, $"<td>{step.Followers:#,0}</td><td>{(step.Found ? "yes" : "no")}</td><td>{(step.Order > 1 && !step.Found ? NextTokens.Number(step.Weight) : "–")}</td><td>{NextTokens.Number(step.Probability)}</td></tr>");
            else if (!step.Seen)
                page.Append("<td>0</td><td colspan=\"5\">the context was never seen</td><td>1</td></tr>");
            else
                page.Append(CultureInfo.InvariantCulture, $"<td>{NextTokens.Bar(path.Probability > 0 ? adds / path.Probability : 0, adds)}</td><td>{step.Count:#,0}</td><td>{step.Total:#,0}</td><td>{step.Followers:#,0}</td><td>{Math.Abs(step.Discount):0.###}</td><td>{NextTokens.Number(step.Own)}</td><td>{NextTokens.Number(step.Weight)}</td></tr>");
            if (adds > 0)
                terms.Add($"{NextTokens.Number(adds)} ({step.Order}-gram)");
            weight *= step.Seen ? step.Weight : 1;
        }

        if (path.Uniform > 0)
        {
            double adds = weight * path.Uniform;
            page.Append(CultureInfo.InvariantCulture, $"<tr class=\"seen\"><th scope=\"row\">uniform</th><td>(1 / vocabulary)</td><td>{NextTokens.Bar(path.Probability > 0 ? adds / path.Probability : 0, adds)}</td><td colspan=\"4\"></td><td>{NextTokens.Number(path.Uniform)}</td><td>–</td></tr>");
            terms.Add($"{NextTokens.Number(adds)} (uniform)");
        }

        page.Append("</tbody></table></div>");
        if (counted)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"sum\">p = {NextTokens.Number(path.Probability)} = {(terms.Count == 0 ? "0" : string.Join(" + ", terms))}</p>");
        double[] probabilities = new double[model.VocabularySize];
        model.Probabilities(history, probabilities);
        NextTokens.Draw(page, tokenizer, probabilities, token);
        page.Append("</div></details>\n");
    }
}
