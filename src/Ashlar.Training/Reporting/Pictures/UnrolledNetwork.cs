using System.Globalization;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Training.Reporting.Inside;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>A token that a model expects next.</summary>
/// <param name="Token">As it is written.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Follows">Whether the text goes on with it.</param>
internal sealed record Expectation(string Token, double Probability, bool Follows);

/// <summary>
/// A recurrent network unrolled over a text, one column a token, read downwards: the hidden state of each layer as squares, the
/// means of its gates, and the tokens expected next.
/// </summary>
internal static class UnrolledNetwork
{
    // Units drawn of a layer: those that change most over the text, of which a reader can still tell the rows apart.
    private const int UnitsShown = 16;
    private const double Column = 64, Row = 22, Left = 76, Margin = 12, Small = 11;

    /// <summary>Draws what a network did.</summary>
    /// <param name="title">Stands above; empty for none.</param>
    /// <param name="trace">What it did.</param>
    /// <param name="tokens">The tokens as they are written.</param>
    /// <param name="expected">What it expected after each, the likeliest first.</param>
    public static Picture Draw(string title, RecurrentTrace trace, IReadOnlyList<string> tokens, IReadOnlyList<IReadOnlyList<Expectation>> expected)
    {
        ColumnHeads heads = new(tokens, Column);
        double y = (title.Length > 0 ? 34 : 10) + heads.Height;
        double right = Left + tokens.Count * Column;
        List<Mark> marks = [];
        if (title.Length > 0)
            marks.Add(new Label(Margin, 22, title, 15, Bold: true));
        heads.Draw(marks, Left, y);
        for (int layer = 0; layer < trace.LayerCount; layer++)
        {
            marks.Add(new Segment(12, y, right, y, Ink.Rule));
            if (trace.LayerCount > 1)
            {
                marks.Add(new Label(Margin, y + 16, $"layer {layer + 1}", 12, Bold: true));
                y += Row;
            }

            y = Units(marks, trace, layer, tokens, y + 3);
            y = Gates(marks, trace, layer, tokens.Count, y + 4);
        }

        y = Expected(marks, expected, right, y);
        y = Legend(marks, trace, y + 4);
        double legend = marks.OfType<Label>().Where(label => label.X == Margin && label.Size == Small).Max(label => TextWidth.Of(label.Text, Small));
        double width = Math.Max(right + heads.Overhang, (2 * Margin) + Math.Max(legend, title.Length > 0 ? TextWidth.Of(title, 15, bold: true) : 0));
        return new Picture(width, y + 8, Describe(title, tokens, expected), marks);
    }

    /// <summary>The units of a layer that change most over the text, in their order.</summary>
    internal static int[] Liveliest(RecurrentTrace trace, int layer, int steps)
    {
        double[] variance = new double[trace.Hidden(layer, 0).Length];
        for (int unit = 0; unit < variance.Length; unit++)
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

        return [.. Enumerable.Range(0, variance.Length).OrderByDescending(unit => variance[unit]).Take(UnitsShown).Order()];
    }

    private static double Units(List<Mark> marks, RecurrentTrace trace, int layer, IReadOnlyList<string> tokens, double y)
    {
        foreach (int unit in Liveliest(trace, layer, tokens.Count))
        {
            marks.Add(new Label(Left - 8, y + Row / 2 + 4, $"unit {unit}", 11, Anchor.End, Ink.Soft));
            for (int step = 0; step < tokens.Count; step++)
            {
                float value = trace.Hidden(layer, step)[unit];
                string note = string.Create(CultureInfo.InvariantCulture, $"unit {unit} after {tokens[step]}: {value:0.00}");
                if (SignedSquare.Of(Middle(step), y + Row / 2, value, Row - 4, note) is { } square)
                    marks.Add(square);
            }

            y += Row;
        }

        return y;
    }

    private static double Gates(List<Mark> marks, RecurrentTrace trace, int layer, int steps, double y)
    {
        for (int gate = 0; gate < trace.GateNames.Count; gate++)
        {
            string name = trace.GateNames[gate];
            marks.Add(new Label(Left - 8, y + Row / 2 + 4, name == "candidate" ? "writes" : name, 11, Anchor.End, Ink.Soft));
            for (int step = 0; step < steps; step++)
                marks.Add(new Label(Middle(step), y + Row / 2 + 4, Mean(trace.Gate(layer, gate, step)).ToString("0.00;−0.00", CultureInfo.InvariantCulture), 11, Anchor.Middle));
            y += Row;
        }

        return y + 2;
    }

    private static double Expected(List<Mark> marks, IReadOnlyList<IReadOnlyList<Expectation>> expected, double right, double y)
    {
        const double Height = 32;
        marks.Add(new Segment(12, y, right, y, Ink.Rule));
        y += 3;
        int ranks = expected.Select(list => list.Count).DefaultIfEmpty(0).Max();
        for (int rank = 0; rank < ranks; rank++, y += Height)
        {
            marks.Add(new Label(Left - 8, y + 14, rank == 0 ? "expects" : "or", 11, Anchor.End, Ink.Soft));
            for (int step = 0; step < expected.Count; step++)
            {
                if (rank >= expected[step].Count)
                    continue;
                Expectation choice = expected[step][rank];
                if (choice.Follows)
                    marks.Add(new Box(Left + step * Column + 1.5, y + 1, Column - 3, Height - 3, null, Stroke: Ink.Ink, StrokeWidth: 1.5));
                marks.Add(new Label(Middle(step), y + 14, TextWidth.Fit(choice.Token, Small, Column - 9, choice.Follows), Small, Anchor.Middle, Bold: choice.Follows));
                marks.Add(new Label(Middle(step), y + 26, NextTokens.Number(choice.Probability), 9.5, Anchor.Middle, Ink.Soft));
            }
        }

        return y;
    }

    // What the rows are; a picture alone has no page around it that says so.
    private static double Legend(List<Mark> marks, RecurrentTrace trace, double y)
    {
        string[] gates = [.. trace.GateNames.Where(name => name != "candidate")];
        List<string> lines = ["square: state of a unit, full above zero, hollow below"];
        if (gates.Length > 0)
        {
            lines.Add($"{string.Join(", ", gates)}: gates, mean of all units, from 0 shut to 1 open");
            lines.Add("writes: candidate for the state, mean of all units, from −1 to 1");
        }

        lines.Add("frame: the token that does follow");
        foreach (string line in lines)
            marks.Add(new Label(Margin, y += 16, line, Small, Colour: Ink.Soft));
        return y;
    }

    private static double Middle(int step) => Left + step * Column + Column / 2;

    private static double Mean(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return sum / values.Length;
    }

    private static string Describe(string title, IReadOnlyList<string> tokens, IReadOnlyList<IReadOnlyList<Expectation>> expected) =>
        Picture.Opening(title) + string.Join("; ", tokens.Zip(expected, (token, choices) => choices.Count == 0
            ? token
            : $"after {token} it expects {choices[0].Token}, {NextTokens.Number(choices[0].Probability)}"));
}
