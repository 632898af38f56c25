using System.Globalization;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>A sentence as one vector.</summary>
/// <param name="Name">How it was pooled: last, mean, max ...</param>
/// <param name="Values">Its numbers.</param>
public sealed record NamedVector(string Name, IReadOnlyList<float> Values);

/// <summary>
/// Sentence vectors side by side, one small picture for each way of pooling: a square for each number, its area the magnitude, full
/// above zero and hollow below (Hinton's diagram). Each has its own scale and states it, since a sum is many times larger than a mean.
/// </summary>
public static class VectorStrips
{
    private const double Gap = 28, Margin = 12, Head = 42;
    private const int InRow = 3;

    private static readonly string[] Legend = ["full square: above zero, hollow: below", "a square that fills its cell is the largest of its picture"];

    /// <summary>Draws the vectors.</summary>
    /// <param name="title">Stands above; empty for none.</param>
    /// <param name="vectors">Vectors of equal width.</param>
    public static Picture Draw(string title, IReadOnlyList<NamedVector> vectors)
    {
        int width = vectors.Select(vector => vector.Values.Count).DefaultIfEmpty(0).Max();
        int across = (int)Math.Ceiling(Math.Sqrt(Math.Max(1, width)));
        int down = (width + across - 1) / across;
        // Large enough to tell signs apart, and three panels of a wide vector still fit on a screen.
        double cell = Math.Clamp(Math.Floor(288.0 / across), 10, 18);
        double panelWidth = Math.Max(across * cell, vectors.Select(vector => Math.Max(TextWidth.Of(vector.Name, 13), TextWidth.Of(Scale(vector), 11))).DefaultIfEmpty(0).Max());
        double panelHeight = Head + down * cell;
        int columns = Math.Clamp(vectors.Count, 1, InRow), rows = (vectors.Count + InRow - 1) / InRow;
        double top = title.Length > 0 ? 40 : 10;
        List<Mark> marks = [];
        if (title.Length > 0)
            marks.Add(new Label(Margin, 22, title, 15, Bold: true));
        for (int i = 0; i < vectors.Count; i++)
            Panel(marks, vectors[i], Margin + i % InRow * (panelWidth + Gap), top + i / InRow * (panelHeight + Gap), across, down, cell);
        double y = top + rows * (panelHeight + Gap) - (rows > 0 ? Gap : 0);
        foreach (string line in Legend)
            marks.Add(new Label(Margin, y += 18, line, 11, Colour: Ink.Soft));
        double right = Math.Max(columns * (panelWidth + Gap) - Gap, Legend.Max(line => TextWidth.Of(line, 11)));
        string description = Picture.Opening(title) + string.Join(", ", vectors.Select(vector => $"{vector.Name} {Scale(vector)}")) + "; full squares are above zero, hollow ones below.";
        return new Picture(2 * Margin + Math.Max(right, TextWidth.Of(title, 15, bold: true)), y + 12, description, marks);
    }

    private static void Panel(List<Mark> marks, NamedVector vector, double x, double y, int across, int down, double cell)
    {
        double largest = Largest(vector);
        marks.Add(new Label(x, y + 13, vector.Name, 13));
        marks.Add(new Label(x, y + 30, Scale(vector), 11, Colour: Ink.Soft));
        marks.Add(new Box(x, y + Head - 4, across * cell, down * cell, Ink.Rule, 0.35));
        for (int k = 0; largest > 0 && k < vector.Values.Count; k++)
        {
            string note = string.Create(CultureInfo.InvariantCulture, $"{vector.Name}, component {k}: {vector.Values[k]:0.000}");
            if (SignedSquare.Of(x + (k % across + 0.5) * cell, y + Head - 4 + (k / across + 0.5) * cell, vector.Values[k] / largest, cell - 2, note) is { } square)
                marks.Add(square);
        }
    }

    private static double Largest(NamedVector vector) => vector.Values.Select(value => (double)Math.Abs(value)).DefaultIfEmpty(0).Max();

    private static string Scale(NamedVector vector) => Largest(vector) switch
    {
        0 => "all zero",
        >= 1 and var large => string.Create(CultureInfo.InvariantCulture, $"largest {large:0.0}"),
        >= 0.01 and var small => string.Create(CultureInfo.InvariantCulture, $"largest {small:0.00}"),
        var tiny => string.Create(CultureInfo.InvariantCulture, $"largest {tiny:0.#e-0}"),
    };
}
