using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Inference;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Tokenizers;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>
/// A recurrent network unrolled over a sentence: at each token the hidden state of every layer, what its gates did, and what it expects
/// next.
/// </summary>
internal sealed class UnrolledView : LanguageModelView
{
    private const int Longest = 60;

    private const int Choices = 5;

    public override string Title => "Inside: the network unrolled";

    public override string Explanation =>
        "The network reads from left to right; each column is its state after one more token. A square is one unit of the hidden state: "
        + "the larger, the further from zero; full is positive, hollow is negative. Shown are the units that change most over the sentence, "
        + "by their number. Below stand the means of the gates over all units of a layer, from 0 (closed) to 1 (open), and of what is written, from −1 to 1; "
        + "then the five tokens that the network expects next, in a frame the one that does follow. Open a token for the rest.";

    protected override void Draw(StringBuilder page, LoadedModel model, string sentence, string name)
    {
        if (Read(model, sentence) is not { } reading)
            return;
        (int[] tokens, RecurrentTrace trace, double[][] next, bool cut) = reading;
        int scored = tokens.Length - 1;
        double nats = Enumerable.Range(0, scored).Sum(step => -Math.Log(next[step][tokens[step + 1]]));
        string cost = scored > 0 ? string.Create(CultureInfo.InvariantCulture, $", {nats / scored:0.000} nats each after the first") : "";
        page.Append(CultureInfo.InvariantCulture, $"<figure class=\"sentence\"><figcaption>{WebUtility.HtmlEncode(sentence)} <span class=\"note\">{tokens.Length} tokens{cost}</span></figcaption>\n");
        page.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"the network unrolled\">").Append(SvgPicture.Element(Picture(model.Tokenizer, "", reading))).Append("</div>\n");
        for (int step = 0; step < tokens.Length; step++)
        {
            int actual = step + 1 < tokens.Length ? tokens[step + 1] : -1;
            Step(page, trace, model.Tokenizer, tokens[step], actual, next[step], step, name);
        }

        if (cut)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">The first {Longest} tokens are shown.</p>");
        page.Append("</figure>\n");
    }

    protected override Picture Picture(LoadedModel model, string sentence) => Read(model, sentence) is { } reading
        ? Picture(model.Tokenizer, sentence, reading)
        : throw new InvalidDataException("the sentence to look at is empty.");

    private static Picture Picture(Tokenizer tokenizer, string title, Reading reading) => UnrolledNetwork.Draw(
        title,
        reading.Trace,
        [.. reading.Tokens.Select(token => TokenText.Visible(tokenizer, token))],
        [.. reading.Next.Select((probabilities, step) => (IReadOnlyList<Expectation>)[.. NextTokens.Best(probabilities, Choices).Select(token => new Expectation(
            TokenText.Visible(tokenizer, token), probabilities[token], step + 1 < reading.Tokens.Length && token == reading.Tokens[step + 1]))])]);

    private static Reading? Read(LoadedModel model, string sentence)
    {
        RecurrentGraph graph = (RecurrentGraph)model.Model;
        List<int> text = [.. model.Tokenizer.Encode(sentence)];
        if (graph.Configuration.BeginOfTextId is { } begin)
            text.Insert(0, begin);
        if (text.Count == 0)
            return null;
        int[] tokens = [.. text.Take(Longest)];
        RecurrentTrace trace = graph.Trace(tokens);
        return new Reading(tokens, trace, [.. tokens.Select((_, step) => Distribution(trace.Logits(step)))], text.Count > Longest);
    }

    private static void Step(
        StringBuilder page, RecurrentTrace trace, Tokenizer tokenizer, int token, int actual, double[] next, int step, string name)
    {
        double entropy = -next.Sum(p => p > 0 ? p * Math.Log(p) : 0);
        string expects = actual >= 0
            ? string.Create(CultureInfo.InvariantCulture, $"gave {NextTokens.Number(next[actual])} to {TokenText.Visible(tokenizer, actual)}, which follows; ")
            : "";
        page.Append(CultureInfo.InvariantCulture, $"<details name=\"{name}\"{(step == 0 ? " open" : "")}><summary>{TokenText.Html(tokenizer, token)}<span>{(actual >= 0 ? NextTokens.Bar(next[actual]) : "")}</span><span class=\"why\">{WebUtility.HtmlEncode(expects)}as undecided as among {Math.Exp(entropy):#,0} equal choices</span></summary>\n<div class=\"inside\">");
        page.Append("<table class=\"next\"><caption>state and gates of each layer</caption><thead><tr><td></td>");
        for (int layer = 0; layer < trace.LayerCount; layer++)
            page.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">layer {layer + 1}</th>");
        page.Append("</tr></thead><tbody>");
        Row("length of hidden state", layer => string.Create(CultureInfo.InvariantCulture, $"{Length(trace.Hidden(layer, step)):0.00}"));
        Row("its change", layer => string.Create(CultureInfo.InvariantCulture, $"{Change(trace, layer, step):0.00}"));
        for (int gate = 0; gate < trace.GateNames.Count; gate++)
        {
            int which = gate;
            Row($"{trace.GateNames[gate]}: mean (least to most)", layer => Range(trace.Gate(layer, which, step)));
        }

        page.Append("</tbody></table>");
        NextTokens.Draw(page, tokenizer, next, actual, Choices);
        page.Append("</div></details>\n");

        void Row(string name, Func<int, string> value)
        {
            page.Append("<tr><th scope=\"row\">").Append(name).Append("</th>");
            for (int layer = 0; layer < trace.LayerCount; layer++)
                page.Append("<td>").Append(value(layer)).Append("</td>");
            page.Append("</tr>");
        }
    }

    private static double[] Distribution(ReadOnlySpan<float> logits)
    {
        double[] p = new double[logits.Length];
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        for (int i = 0; i < p.Length; i++)
            sum += p[i] = Math.Exp(logits[i] - largest);
        for (int i = 0; i < p.Length; i++)
            p[i] /= sum;
        return p;
    }

    private static string Range(ReadOnlySpan<float> values)
    {
        float[] all = values.ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{all.Average():0.00} ({all.Min():0.00} to {all.Max():0.00})");
    }

    private static double Change(RecurrentTrace trace, int layer, int step)
    {
        ReadOnlySpan<float> now = trace.Hidden(layer, step);
        if (step == 0)
            return Length(now);
        ReadOnlySpan<float> before = trace.Hidden(layer, step - 1);
        float[] difference = new float[now.Length];
        for (int unit = 0; unit < difference.Length; unit++)
            difference[unit] = now[unit] - before[unit];
        return Length(difference);
    }

    private static double Length(ReadOnlySpan<float> values)
    {
        double squares = 0;
        foreach (float value in values)
            squares += (double)value * value;
        return Math.Sqrt(squares);
    }

    /// <summary>A sentence as the network read it.</summary>
    private sealed record Reading(int[] Tokens, RecurrentTrace Trace, double[][] Next, bool Cut);
}
