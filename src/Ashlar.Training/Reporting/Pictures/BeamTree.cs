using System.Globalization;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>A token that beam search tried.</summary>
/// <param name="Parent">Index of the token before it; -1 at the beginning.</param>
/// <param name="Token">Its text.</param>
/// <param name="Probability">Its probability after those before it.</param>
/// <param name="LogProbability">Natural logarithm of the probability of the whole beginning up to it.</param>
/// <param name="Kept">Whether it stayed in the beam.</param>
public sealed record BeamNode(int Parent, string Token, double Probability, double LogProbability, bool Kept = true);

/// <summary>
/// Beam search as a tree that grows to the right: each token with its probability, the winner on a thick line, what fell out of
/// the beam on a broken one that ends where the search dropped it.
/// </summary>
public static class BeamTree
{
    private const double Row = 26, Type = 14, Indent = 22;

    /// <summary>Draws a search.</summary>
    /// <param name="title">Stands above; empty for none.</param>
    /// <param name="nodes">Every token tried, parents before their children.</param>
    /// <param name="best">Index of the winner's last token; -1 for none.</param>
    public static Picture Draw(string title, IReadOnlyList<BeamNode> nodes, int best)
    {
        int[] depths = new int[nodes.Count];
        List<int>[] children = [.. nodes.Select(_ => new List<int>())];
        List<int> roots = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            int parent = nodes[i].Parent;
            if (parent >= i)
                throw new ArgumentException($"node {i} stands before its parent {parent}.", nameof(nodes));
            depths[i] = parent < 0 ? 0 : depths[parent] + 1;
            (parent < 0 ? roots : children[parent]).Add(i);
        }

        HashSet<int> winner = [];
        for (int i = best; i >= 0; i = nodes[i].Parent)
            winner.Add(i);
        double[] columns = Columns(nodes, depths);
        double[] ys = new double[nodes.Count];
        double top = title.Length > 0 ? 48 : 24;
        double next = top;
        foreach (int root in Sorted(roots, nodes))
            Place(root, nodes, children, ys, ref next);
        List<Mark> marks = [];
        if (title.Length > 0)
            marks.Add(new Label(12, 22, title, 15, Bold: true));
        // The winner's line goes on top of the others.
        foreach (int i in Enumerable.Range(0, nodes.Count).OrderBy(winner.Contains))
        {
            double x = columns[depths[i]];
            double from = nodes[i].Parent < 0 ? x - Indent : columns[depths[i] - 1] + Width(nodes[nodes[i].Parent]) + 4;
            double above = nodes[i].Parent < 0 ? ys[i] : ys[nodes[i].Parent];
            bool wins = winner.Contains(i);
            double thickness = wins ? 2.5 : 1;
            double bend = x - Indent / 2;
            marks.Add(new Segment(from, above, bend, above, wins ? Ink.Ink : Ink.Soft, thickness, !nodes[i].Kept));
            if (above != ys[i])
                marks.Add(new Segment(bend, above, bend, ys[i], wins ? Ink.Ink : Ink.Soft, thickness, !nodes[i].Kept));
            marks.Add(new Segment(bend, ys[i], x - 3, ys[i], wins ? Ink.Ink : Ink.Soft, thickness, !nodes[i].Kept));
        }

        for (int i = 0; i < nodes.Count; i++)
        {
            double x = columns[depths[i]];
            string token = HeatMap.Shown(nodes[i].Token);
            bool wins = winner.Contains(i);
            marks.Add(new Label(x, ys[i] + 5, token, Type, Colour: nodes[i].Kept ? Ink.Ink : Ink.Soft, Bold: wins));
            marks.Add(new Label(x + TokenWidth(token) + 6, ys[i] + 5, Percent(nodes[i].Probability), 11, Colour: Ink.Soft));
            if (children[i].Count == 0)
                marks.Add(new Label(x + Width(nodes[i]) + 8, ys[i] + 5, Outcome(nodes[i]), 11, Colour: nodes[i].Kept ? Ink.Ink : Ink.Soft, Bold: wins));
        }

        double right = nodes.Count == 0 ? 200 : Enumerable.Range(0, nodes.Count).Max(i =>
            columns[depths[i]] + Width(nodes[i]) + (children[i].Count == 0 ? 8 + TextWidth.Of(Outcome(nodes[i]), 11, winner.Contains(i)) : 0) + 12);
        return new Picture(Math.Max(right, TextWidth.Of(title, 15, bold: true) + 24), next + 8, Describe(title, nodes, best), marks);
    }

    private static double Place(int node, IReadOnlyList<BeamNode> nodes, List<int>[] children, double[] ys, ref double next)
    {
        if (children[node].Count == 0)
        {
            ys[node] = next;
            next += Row;
            return ys[node];
        }

        double sum = 0;
        foreach (int child in Sorted(children[node], nodes))
            sum += Place(child, nodes, children, ys, ref next);
        return ys[node] = sum / children[node].Count;
    }

    private static IEnumerable<int> Sorted(List<int> siblings, IReadOnlyList<BeamNode> nodes) => siblings.OrderByDescending(i => nodes[i].LogProbability);

    private static double[] Columns(IReadOnlyList<BeamNode> nodes, int[] depths)
    {
        double[] columns = new double[depths.DefaultIfEmpty(0).Max() + 1];
        double x = 12 + Indent;
        for (int depth = 0; depth < columns.Length; depth++)
        {
            columns[depth] = x;
            x += Enumerable.Range(0, nodes.Count).Where(i => depths[i] == depth).Select(i => Width(nodes[i])).DefaultIfEmpty(0).Max() + Indent + 8;
        }

        return columns;
    }

    private static double Width(BeamNode node) => TokenWidth(HeatMap.Shown(node.Token)) + 6 + TextWidth.Of(Percent(node.Probability), 11);

    // Wide enough for the winner's heavy type.
    private static double TokenWidth(string token) => TextWidth.Of(token, Type, bold: true);

    private static string Outcome(BeamNode leaf) => (leaf.Kept ? "= " : "dropped at ") + Percent(Math.Exp(leaf.LogProbability));

    // Two digits that count, of a token and of a whole line alike.
    private static string Percent(double probability) => probability switch
    {
        >= 0.0995 => (100 * probability).ToString("0", CultureInfo.InvariantCulture) + "%",
        >= 0.00995 => (100 * probability).ToString("0.0", CultureInfo.InvariantCulture) + "%",
        >= 0.0001 => (100 * probability).ToString("0.00", CultureInfo.InvariantCulture) + "%",
        _ => probability.ToString("0.#e-0", CultureInfo.InvariantCulture),
    };

    private static string Describe(string title, IReadOnlyList<BeamNode> nodes, int best)
    {
        List<string> words = [];
        for (int i = best; i >= 0; i = nodes[i].Parent)
            words.Insert(0, $"{HeatMap.Shown(nodes[i].Token)} {Percent(nodes[i].Probability)}");
        return words.Count == 0 ? title : $"{Picture.Opening(title)}Best: {string.Join(", ", words)}";
    }
}
