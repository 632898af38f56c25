namespace Ashlar.Training.Reporting.Pictures;

/// <summary>A sentence as one vector.</summary>
/// <param name="Name">How it was pooled: last, mean, max ...</param>
/// <param name="Values">Its numbers.</param>
public sealed record NamedVector(string Name, IReadOnlyList<float> Values);

/// <summary>
/// Sentence vectors side by side, one small picture for each way of pooling, all to one scale: a square for each number, its
/// area the magnitude, full above zero and hollow below (Hinton's diagram).
/// </summary>
public static class VectorStrips
{
    private const double Cell = 12, Gap = 28;

    /// <summary>Draws the vectors.</summary>
    /// <param name="title">Stands above; empty for none.</param>
    /// <param name="vectors">Vectors of equal width.</param>
    public static Picture Draw(string title, IReadOnlyList<NamedVector> vectors)
    {
        int width = vectors.Select(vector => vector.Values.Count).DefaultIfEmpty(0).Max();
        int across = (int)Math.Ceiling(Math.Sqrt(Math.Max(1, width)));
        int down = (width + across - 1) / across;
        double largest = vectors.SelectMany(vector => vector.Values).Select(Math.Abs).DefaultIfEmpty(0).Max();
        double panelWidth = Math.Max(across * Cell, vectors.Select(vector => TextWidth.Of(vector.Name, 13)).DefaultIfEmpty(0).Max());
        int inRow = Math.Clamp((int)((900 + Gap) / (panelWidth + Gap)), 1, Math.Max(1, vectors.Count));
        double top = title.Length > 0 ? 40 : 10;
        double panelHeight = down * Cell + 24;
        List<Mark> marks = [];
        if (title.Length > 0)
            marks.Add(new Label(12, 22, title, 15, Bold: true));
        for (int i = 0; i < vectors.Count; i++)
        {
            double x = 12 + i % inRow * (panelWidth + Gap);
            double y = top + i / inRow * (panelHeight + Gap / 2);
            marks.Add(new Label(x, y + 13, vectors[i].Name, 13));
            marks.Add(new Box(x, y + 20, across * Cell, down * Cell, Ink.Rule, 0.35));
            for (int k = 0; k < vectors[i].Values.Count; k++)
            {
                if (largest > 0 && SignedSquare.Of(x + (k % across + 0.5) * Cell, y + 20 + (k / across + 0.5) * Cell, vectors[i].Values[k] / largest, Cell - 2) is { } square)
                    marks.Add(square);
            }
        }

        int rows = vectors.Count == 0 ? 0 : (vectors.Count + inRow - 1) / inRow;
        double right = 24 + inRow * (panelWidth + Gap) - Gap;
        string description = $"{title}. {string.Join(", ", vectors.Select(vector => vector.Name))}; full squares are above zero, hollow ones below.";
        return new Picture(Math.Max(right, TextWidth.Of(title, 15) + 24), top + rows * (panelHeight + Gap / 2) + 4, description, marks);
    }
}
