namespace Ashlar.Training.Reporting.Pictures;

/// <summary>A number as a square: its area the magnitude, full above zero and hollow below (Hinton's diagram).</summary>
internal static class SignedSquare
{
    /// <summary>The square; null where the number is too small to be seen.</summary>
    /// <param name="x">Its middle.</param>
    /// <param name="y">Its middle.</param>
    /// <param name="value">From -1 to 1.</param>
    /// <param name="largest">The side for 1 or -1.</param>
    /// <param name="note">What a pointer resting on it is told.</param>
    public static Box? Of(double x, double y, double value, double largest, string? note = null)
    {
        double side = Math.Sqrt(Math.Min(1, Math.Abs(value))) * largest;
        if (side < 0.8)
            return null;
        if (value > 0)
            return new Box(x - side / 2, y - side / 2, side, side, Ink.Accent, Note: note);
        double inner = Math.Max(0.5, side - 1); // the line stands half outside
        return new Box(x - inner / 2, y - inner / 2, inner, inner, Ink.Paper, Stroke: Ink.Ink, Note: note);
    }
}
