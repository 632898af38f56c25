using System.Globalization;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.Reporting.Inside;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>
/// The back-off path of a sentence: tokens across, orders down, and in each cell how many percent of the token's probability come
/// from that order. The longest n-gram that was seen has a frame, a context that was never seen a dash.
/// </summary>
internal static class BackoffShares
{
    private const double Cell = 40, Left = 76;

    /// <summary>Draws paths.</summary>
    /// <param name="title">Stands above; empty for none.</param>
    /// <param name="tokens">The tokens as they are written.</param>
    /// <param name="paths">Where the probability of each comes from.</param>
    /// <param name="order">Order of the model.</param>
    /// <param name="smoothing">Its smoothing; with back-off all of a probability comes from the longest n-gram seen.</param>
    public static Picture Draw(string title, IReadOnlyList<string> tokens, IReadOnlyList<BackoffPath> paths, int order, NGramSmoothing smoothing)
    {
        bool uniform = paths.Any(path => path.Uniform > 0);
        int rows = order + (uniform ? 1 : 0);
        ColumnHeads heads = new(tokens, Cell);
        double top = (title.Length > 0 ? 34 : 10) + heads.Height;
        double bottom = top + rows * Cell;
        List<Mark> marks = [];
        if (title.Length > 0)
            marks.Add(new Label(12, 22, title, 15, Bold: true));
        heads.Draw(marks, Left, top);
        for (int row = 0; row < rows; row++)
            marks.Add(new Label(Left - 8, top + row * Cell + Cell / 2 + 5, row < order ? $"{order - row}-gram" : "uniform", 13, Anchor.End));
        marks.Add(new Label(Left - 8, bottom + 18, "probability", 11, Anchor.End, Ink.Soft));
        for (int column = 0; column < paths.Count; column++)
        {
            Path(marks, paths[column], Left + column * Cell, top, order, smoothing);
            marks.Add(new Label(Left + column * Cell + Cell / 2, bottom + 18, Short(paths[column].Probability), 11, Anchor.Middle));
        }

        double width = Math.Max(Left + tokens.Count * Cell + heads.Overhang, title.Length > 0 ? TextWidth.Of(title, 15, bold: true) + 24 : 0);
        return new Picture(width, bottom + 30, Describe(title, tokens, paths), marks);
    }

    /// <summary>The share of each order in a probability, that of the uniform distribution last; they sum to 1, or to 0 with it.</summary>
    internal static (double Share, BackoffStep? Step)[] Shares(BackoffPath path, NGramSmoothing smoothing)
    {
        List<(double, BackoffStep?)> shares = [];
        double weight = 1;
        bool found = false;
        foreach (BackoffStep step in path.Steps)
        {
            double share = smoothing == NGramSmoothing.BackOff
                ? (step.Found && !found ? 1 : 0)
                : path.Probability > 0 ? weight * step.Own / path.Probability : 0;
            found |= step.Found;
            shares.Add((share, step));
            weight *= step.Seen ? step.Weight : 1;
        }

        if (path.Uniform > 0)
            shares.Add((path.Probability > 0 ? weight * path.Uniform / path.Probability : 0, null));
        return [.. shares];
    }

    private static void Path(List<Mark> marks, BackoffPath path, double x, double top, int order, NGramSmoothing smoothing)
    {
        bool framed = false;
        foreach ((double share, BackoffStep? step) in Shares(path, smoothing))
        {
            double y = top + (step is null ? order : order - step.Order) * Cell;
            if (step is { Seen: false })
            {
                marks.Add(new Label(x + Cell / 2, y + Cell / 2 + 4, "–", 13, Anchor.Middle, Ink.Soft));
                continue;
            }

            HeatMap.DrawCell(marks, x, y, Cell, share, step is { Found: true } && !framed);
            framed |= step is { Found: true };
        }
    }

    // Of the width of a cell.
    private static string Short(double p) => p >= 0.0005 ? p.ToString("0.000", CultureInfo.InvariantCulture) : NextTokens.Number(p);

    private static string Describe(string title, IReadOnlyList<string> tokens, IReadOnlyList<BackoffPath> paths) =>
        Picture.Opening(title) + string.Join("; ", paths.Select((path, i) => path.Steps.FirstOrDefault(step => step.Found) is { } longest
            ? $"{tokens[i]} {NextTokens.Number(path.Probability)}, seen as a {longest.Order}-gram"
            : $"{tokens[i]} {NextTokens.Number(path.Probability)}, never seen"));
}
