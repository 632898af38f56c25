using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Tokenizers;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>
/// A recurrent network unrolled over a sentence: at each token the hidden state of every layer, what its gates did, and what it expects
/// next.
/// </summary>
internal sealed class UnrolledView : ISentenceView
{
    private const int Longest = 60;

    // Units drawn for a layer: those that change most over the sentence, of which a reader can still tell the rows apart.
    private const int UnitsShown = 16;
    private const int Cell = 22;
    private const int Left = 52;

    public string Title => "Inside: the network unrolled";

    public string Explanation =>
        "The network reads from left to right; each column is its state after one more token. A square is one unit of the hidden state: "
        + "the larger, the further from zero; filled is positive, hollow is negative. Shown are the units that change most over the sentence, "
        + "by their number. Below stand the means of the gates over all units of a layer, from 0 (closed) to 1 (open), and of what is written, from −1 to 1. "
        + "Open a token to see what the network expects after it.";

    public void Draw(StringBuilder page, LoadedModel model, string sentence, string name)
    {
        RecurrentGraph graph = (RecurrentGraph)model.Model;
        List<int> text = [.. model.Tokenizer.Encode(sentence)];
        if (graph.Configuration.BeginOfTextId is { } begin)
            text.Insert(0, begin);
        if (text.Count == 0)
            return;
        int[] tokens = [.. text.Take(Longest)];
        RecurrentTrace trace = graph.Trace(tokens);
        double[][] next = [.. tokens.Select((_, step) => Distribution(trace.Logits(step)))];
        int scored = tokens.Length - 1;
        double nats = Enumerable.Range(0, scored).Sum(step => -Math.Log(next[step][tokens[step + 1]]));
        string cost = scored > 0 ? string.Create(CultureInfo.InvariantCulture, $", {nats / scored:0.000} nats each after the first") : "";
        page.Append(CultureInfo.InvariantCulture, $"<figure class=\"sentence\"><figcaption>{WebUtility.HtmlEncode(sentence)} <span class=\"note\">{tokens.Length} tokens{cost}</span></figcaption>\n");
        string[] labels = [.. tokens.Select(token => TokenText.Visible(model.Tokenizer, token))];
        for (int layer = trace.LayerCount - 1; layer >= 0; layer--) // the last one stands nearest to the prediction
            Layer(page, trace, graph.Configuration.HiddenWidth, layer, labels);
        for (int step = 0; step < tokens.Length; step++)
        {
            int actual = step + 1 < tokens.Length ? tokens[step + 1] : -1;
            Step(page, trace, model.Tokenizer, tokens[step], actual, next[step], step, name);
        }

        if (text.Count > Longest)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">The first {Longest} tokens are shown.</p>");
        page.Append("</figure>\n");
    }

    /// <summary>The style sheet of this picture, after that of the next tokens.</summary>
    public const string Style = """
        .unrolled{overflow-x:auto;margin:.3rem 0 1.1rem;border:1px solid var(--rule);border-radius:4px;padding:.5rem}.unrolled:focus-visible{outline:2px solid var(--a);outline-offset:2px}
        .unrolled svg{display:block;width:auto;max-width:none}.unrolled .on{fill:var(--a);stroke:var(--a)}.unrolled .off{fill:none;stroke:var(--b);stroke-width:1.6}
        .unrolled text{font:11px/1 system-ui,sans-serif}.unrolled .word{font:12px/1 ui-monospace,Menlo,Consolas,"Noto Sans Mono CJK SC",monospace;fill:var(--ink)}.unrolled line{stroke:var(--rule)}
        .unrolled .value{font-variant-numeric:tabular-nums;fill:var(--ink)}.layer{font-size:.95rem;font-weight:600;margin:1rem 0 .2rem}
        """;

    private static void Layer(StringBuilder page, RecurrentTrace trace, int width, int layer, string[] labels)
    {
        int steps = labels.Length;
        int[] units = Liveliest(trace, width, layer, steps);
        int words = 14 + (7 * Math.Min(12, labels.Max(label => label.Length)));
        int gatesTop = words + (units.Length * Cell) + 10;
        int height = gatesTop + (trace.GateNames.Count * Cell) + 4;
        int totalWidth = Left + 18 + (steps * Math.Max(Cell, 30));
        int column = Math.Max(Cell, 30);
        string summary = $"hidden state of layer {layer + 1} over {steps} tokens";
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"layer\">Layer {layer + 1}</p><div class=\"unrolled\" tabindex=\"0\" role=\"region\" aria-label=\"{summary}\"><svg role=\"img\" aria-label=\"{summary}\" width=\"{totalWidth}\" height=\"{height}\" viewBox=\"0 0 {totalWidth} {height}\">");
        for (int step = 0; step < steps; step++)
        {
            int x = Left + (step * column) + (column / 2);
            string label = labels[step].Length > 12 ? labels[step][..11] + "…" : labels[step];
            page.Append(CultureInfo.InvariantCulture, $"<text class=\"word\" transform=\"translate({x + 4},{words - 6}) rotate(-60)\">{WebUtility.HtmlEncode(label)}</text>");
        }

        for (int row = 0; row < units.Length; row++)
        {
            int y = words + (row * Cell) + (Cell / 2);
            page.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{y + 4}\" text-anchor=\"end\">unit {units[row]}</text>");
            for (int step = 0; step < steps; step++)
                Square(page, Left + (step * column) + (column / 2), y, trace.Hidden(layer, step)[units[row]], units[row], labels[step]);
        }

        page.Append(CultureInfo.InvariantCulture, $"<line x1=\"0\" x2=\"{totalWidth}\" y1=\"{gatesTop - 4}\" y2=\"{gatesTop - 4}\"/>");
        for (int gate = 0; gate < trace.GateNames.Count; gate++)
        {
            int y = gatesTop + (gate * Cell) + (Cell / 2) + 4;
            page.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{y}\" text-anchor=\"end\">{Short(trace.GateNames[gate])}</text>");
            for (int step = 0; step < steps; step++)
            {
                double mean = Mean(trace.Gate(layer, gate, step));
                page.Append(CultureInfo.InvariantCulture, $"<text class=\"value\" x=\"{Left + (step * column) + (column / 2)}\" y=\"{y}\" text-anchor=\"middle\">{Decimal(mean)}</text>");
            }
        }

        page.Append("</svg></div>\n");
    }

    // The area tells the size, so a value of a quarter looks a quarter as large.
    private static void Square(StringBuilder page, int x, int y, float value, int unit, string label)
    {
        double side = Math.Sqrt(Math.Min(1, Math.Abs(value))) * (Cell - 4);
        if (side < 1)
            return;
        page.Append(CultureInfo.InvariantCulture, $"<rect class=\"{(value > 0 ? "on" : "off")}\" x=\"{x - (side / 2):0.#}\" y=\"{y - (side / 2):0.#}\" width=\"{side:0.#}\" height=\"{side:0.#}\"><title>unit {unit} after {WebUtility.HtmlEncode(label)}: {value:0.00}</title></rect>");
    }

    private static void Step(
        StringBuilder page, RecurrentTrace trace, Tokenizer tokenizer, int token, int actual, double[] next, int step, string name)
    {
        double entropy = -next.Sum(p => p > 0 ? p * Math.Log(p) : 0);
        string expects = actual >= 0
            ? string.Create(CultureInfo.InvariantCulture, $"gave {NextTokens.Number(next[actual])} to {TokenText.Visible(tokenizer, actual)}, which follows; ")
            : "";
        page.Append(CultureInfo.InvariantCulture, $"<details name=\"{name}\"{(step == 0 ? " open" : "")}><summary>{TokenText.Html(tokenizer, token)}<span>{(actual >= 0 ? NextTokens.Bar(next[actual]) : "")}</span><span class=\"why\">{WebUtility.HtmlEncode(expects)}as undecided as among {Math.Exp(entropy):#,0} equal choices</span></summary>\n<div class=\"inside\">");
        page.Append("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"layers\"><table><thead><tr><th scope=\"col\">layer</th><th scope=\"col\">length of hidden state</th><th scope=\"col\">its change</th>");
        foreach (string gate in trace.GateNames)
            page.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{gate}: mean (least to most)</th>");
        page.Append("</tr></thead><tbody>");
        for (int layer = 0; layer < trace.LayerCount; layer++)
        {
            float[] before = step == 0 ? new float[trace.Hidden(layer, 0).Length] : trace.Hidden(layer, step - 1).ToArray();
            float[] now = trace.Hidden(layer, step).ToArray();
            page.Append(CultureInfo.InvariantCulture, $"<tr class=\"seen\"><th scope=\"row\">{layer + 1}</th><td>{Length(now):0.00}</td><td>{Length([.. now.Zip(before, (a, b) => a - b)]):0.00}</td>");
            for (int gate = 0; gate < trace.GateNames.Count; gate++)
            {
                float[] values = trace.Gate(layer, gate, step).ToArray();
                page.Append(CultureInfo.InvariantCulture, $"<td>{Mean(values):0.00} ({values.Min():0.00} to {values.Max():0.00})</td>");
            }

            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>");
        NextTokens.Draw(page, tokenizer, next, actual);
        page.Append("</div></details>\n");
    }

    private static int[] Liveliest(RecurrentTrace trace, int width, int layer, int steps)
    {
        double[] variance = new double[width];
        for (int unit = 0; unit < width; unit++)
        {
            double sum = 0, squares = 0;
            for (int step = 0; step < steps; step++)
            {
                double value = trace.Hidden(layer, step)[unit];
                sum += value;
                squares += value * value;
            }

            variance[unit] = (squares / steps) - (sum / steps * (sum / steps));
        }

        return [.. Enumerable.Range(0, width).OrderByDescending(unit => variance[unit]).Take(UnitsShown).Order()];
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

    private static double Mean(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return sum / values.Length;
    }

    private static double Length(float[] values) => Math.Sqrt(values.Sum(value => (double)value * value));

    private static string Short(string gate) => gate == "candidate" ? "writes" : gate;

    // ".42", "−.07": a column is narrow.
    private static string Decimal(double value) =>
        value.ToString(".00;−.00", CultureInfo.InvariantCulture);
}
