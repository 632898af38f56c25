using System.Globalization;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>
/// Attention as the course draws it: target tokens down, source tokens across, the darker the stronger. The weight also stands
/// in each cell in percent, and the strongest of each row has a frame, so that nothing depends on colour.
/// </summary>
public static class HeatMap
{
    private const double Cell = 34, Gap = 2, Type = 14, Longest = 150;

    /// <summary>Draws weights.</summary>
    /// <param name="title">Stands above; empty for none.</param>
    /// <param name="rows">Tokens that look.</param>
    /// <param name="columns">Tokens that are looked at.</param>
    /// <param name="weights">[rows, columns].</param>
    public static Picture Draw(string title, IReadOnlyList<string> rows, IReadOnlyList<string> columns, float[] weights)
    {
        double left = 12 + rows.Select(token => Math.Min(Longest, TextWidth.Of(Shown(token), Type))).DefaultIfEmpty(0).Max() + 8;
        ColumnHeads heads = new([.. columns.Select(Shown)], Cell);
        double top = (title.Length > 0 ? 34 : 10) + heads.Height;
        double width = Math.Max(left + columns.Count * Cell + heads.Overhang, title.Length > 0 ? TextWidth.Of(title, 15, bold: true) + 24 : 0);
        double height = top + rows.Count * Cell + 12;
        List<Mark> marks = [];
        if (title.Length > 0)
            marks.Add(new Label(12, 22, title, 15, Bold: true));
        heads.Draw(marks, left, top);
        for (int row = 0; row < rows.Count; row++)
        {
            double y = top + row * Cell;
            marks.Add(new Label(left - 8, y + Cell / 2 + 5, TextWidth.Fit(Shown(rows[row]), Type, Longest), Type, Anchor.End));
            ReadOnlySpan<float> line = weights.AsSpan(row * columns.Count, columns.Count);
            int strongest = Strongest(line);
            for (int column = 0; column < columns.Count; column++)
                DrawCell(marks, left + column * Cell, y, Cell, line[column], column == strongest);
        }

        return new Picture(width, height, Describe(title, rows, columns, weights), marks);
    }

    /// <summary>The column that each row looks at most.</summary>
    internal static int Strongest(ReadOnlySpan<float> line)
    {
        int best = 0;
        for (int column = 1; column < line.Length; column++)
        {
            if (line[column] > line[best])
                best = column;
        }

        return best;
    }

    /// <summary>Tokens as people read them: the marks that vocabularies put for spaces and joins are taken off.</summary>
    internal static string Shown(string token)
    {
        string text = token.Replace('Ġ', ' ').Replace('▁', ' ').Replace("</w>", "", StringComparison.Ordinal).Trim();
        return text.Length > 0 ? text : "␣";
    }

    /// <summary>A weight from 0 to 1: the darker the stronger, in percent, in a frame if it is the strongest.</summary>
    internal static void DrawCell(List<Mark> marks, double x, double y, double cell, double weight, bool strongest)
    {
        double size = cell - Gap;
        marks.Add(new Box(x + Gap / 2, y + Gap / 2, size, size, Ink.Rule, 0.35));
        if (weight >= 0.005)
            marks.Add(new Box(x + Gap / 2, y + Gap / 2, size, size, Ink.Accent, Math.Clamp(weight, 0, 1)));
        if (strongest)
            marks.Add(new Box(x + Gap / 2, y + Gap / 2, size, size, null, Stroke: Ink.Ink, StrokeWidth: 2));
        if (weight >= 0.015)
            marks.Add(new Label(x + cell / 2, y + cell / 2 + 4, Math.Round(100 * weight).ToString(CultureInfo.InvariantCulture), 11, Anchor.Middle, weight > 0.65 ? Ink.Paper : Ink.Ink, strongest));
    }

    private static string Describe(string title, IReadOnlyList<string> rows, IReadOnlyList<string> columns, float[] weights) =>
        Picture.Opening(title) + string.Join("; ", Enumerable.Range(0, columns.Count == 0 ? 0 : rows.Count).Select(row =>
        {
            ReadOnlySpan<float> line = weights.AsSpan(row * columns.Count, columns.Count);
            int best = Strongest(line);
            return $"{Shown(rows[row])} looks at {Shown(columns[best])}, {Math.Round(100 * line[best])} percent";
        }));
}
