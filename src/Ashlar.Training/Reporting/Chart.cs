using System.Globalization;
using System.Net;
using System.Text;

namespace Ashlar.Training.Reporting;

/// <summary>A line of a chart.</summary>
/// <param name="Label">Written at its end; empty for none.</param>
/// <param name="Style">CSS class: <c>a</c> solid, <c>b</c> dashed.</param>
/// <param name="Points">By increasing x.</param>
/// <param name="Smooth">Whether a running mean is drawn over the faint raw line.</param>
internal sealed record Curve(string Label, string Style, (double X, double Y)[] Points, bool Smooth = false);

/// <summary>Line charts as SVG: labels stand at the lines, dashes tell them apart as well as colour.</summary>
internal static class Chart
{
    private const double Width = 640, Height = 300, Left = 52, Right = 128, Top = 12, Bottom = 28;

    public static string Draw(string title, IReadOnlyList<Curve> curves, IReadOnlyList<(string Label, double Value)> baselines)
    {
        (double X, double Y)[] all = [.. curves.SelectMany(curve => curve.Points)];
        if (all.Length == 0)
            return "<p class=\"note\">Nothing was measured yet.</p>";
        double right = curves.Any(curve => curve.Label.Length > 0) ? Right : 12;
        double minimum = all.Min(point => point.Y), maximum = Math.Max(all.Max(point => point.Y), baselines.Select(item => item.Value).DefaultIfEmpty(double.MinValue).Max());
        double[] ticks = Ticks(minimum, maximum);
        (double low, double high) = (Math.Min(minimum, ticks[0]), Math.Max(maximum, ticks[^1]));
        if (high <= low)
            high = low + 1;
        double last = Math.Max(1, all.Max(point => point.X));
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">");
        foreach (double tick in ticks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - right:0}\" y1=\"{Y(tick):0.0}\" y2=\"{Y(tick):0.0}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 7}\" y=\"{Y(tick) + 4:0.0}\" text-anchor=\"end\">{Short(tick)}</text>");
        }

        foreach ((double at, string anchor) in new[] { (0, "start"), (last / 2, "middle"), (last, "end") })
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(at):0.0}\" y=\"{Height - 6}\" text-anchor=\"{anchor}\">{Short(Math.Round(at))}</text>");
        foreach ((string label, double value) in baselines)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"base\" x1=\"{Left}\" x2=\"{Width - right:0}\" y1=\"{Y(value):0.0}\" y2=\"{Y(value):0.0}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - right - 4:0}\" y=\"{Y(value) - 5:0.0}\" text-anchor=\"end\">{WebUtility.HtmlEncode(label)} {value.ToString("0.00", CultureInfo.InvariantCulture)}</text>");
        }

        List<double> taken = [];
        foreach (Curve curve in curves.Where(curve => curve.Points.Length > 0))
        {
            (double X, double Y)[] drawn = curve.Smooth ? RunningMean(curve.Points) : curve.Points;
            if (curve.Smooth)
                svg.Append(CultureInfo.InvariantCulture, $"<path class=\"raw {curve.Style}\" d=\"{Path(Thin(curve.Points))}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"{curve.Style}\" d=\"{Path(Thin(drawn))}\"/>");
            if (curve.Label.Length == 0)
                continue;
            double y = Y(drawn[^1].Y);
            foreach (double other in taken.Where(other => Math.Abs(other - y) < 16))
                y = other + 16;
            taken.Add(y);
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"t{curve.Style}\" x=\"{X(drawn[^1].X) + 6:0.0}\" y=\"{y + 4:0.0}\">{curve.Label} {drawn[^1].Y:0.00}</text>");
        }

        return svg.Append("</svg>\n").ToString();

        double X(double x) => Left + (x / last * (Width - Left - right));
        double Y(double y) => Top + ((high - y) / (high - low) * (Height - Top - Bottom));
        string Path((double X, double Y)[] points) => string.Join(' ', points.Select((point, i) =>
            string.Create(CultureInfo.InvariantCulture, $"{(i == 0 ? 'M' : 'L')}{X(point.X):0.0} {Y(point.Y):0.0}")));
    }

    // Steps of 1, 2 or 5 times a power of ten, about five of them.
    private static double[] Ticks(double low, double high)
    {
        double span = high > low ? high - low : Math.Max(1e-9, Math.Abs(high));
        double power = Math.Pow(10, Math.Floor(Math.Log10(span / 4)));
        double size = new[] { 1.0, 2, 5, 10 }.First(factor => factor * power * 4.5 >= span) * power;
        long first = (long)Math.Floor(low / size), last = (long)Math.Ceiling(high / size);
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * size)];
    }

    private static (double X, double Y)[] RunningMean((double X, double Y)[] points)
    {
        int half = Math.Max(1, points.Length / 60);
        return [.. points.Select((point, i) =>
        {
            int reach = Math.Min(half, Math.Min(i, points.Length - 1 - i)); // narrower at the ends, so that they stay put
            return (point.X, points.AsSpan(i - reach, (2 * reach) + 1).ToArray().Average(near => near.Y));
        })];
    }

    private static (double X, double Y)[] Thin((double X, double Y)[] points) => points.Length <= 600
        ? points
        : [.. Enumerable.Range(0, 600).Select(i => points[(int)((long)i * (points.Length - 1) / 599)])];

    private static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e6 => (value / 1e6).ToString("0.#M", CultureInfo.InvariantCulture),
        >= 1e4 => (value / 1e3).ToString("0.#k", CultureInfo.InvariantCulture),
        > 0 and < 1e-2 => value.ToString("0.#e0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}
