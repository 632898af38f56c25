using System.Globalization;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>
/// Tokens above the columns of a picture. Single characters always stand upright; other tokens do so together if all of them fit,
/// and lean otherwise.
/// </summary>
internal sealed class ColumnHeads
{
    private const double Type = 14, Longest = 150;
    private readonly IReadOnlyList<string> _tokens;
    private readonly double _cell;
    private readonly bool _upright;
    private readonly double _lean;

    /// <summary>Lays the heads out.</summary>
    /// <param name="tokens">As they are written.</param>
    /// <param name="cell">Width of a column.</param>
    public ColumnHeads(IReadOnlyList<string> tokens, double cell)
    {
        (_tokens, _cell) = (tokens, cell);
        double widest = tokens.Where(token => !IsCharacter(token)).Select(token => Math.Min(Longest, TextWidth.Of(token, Type))).DefaultIfEmpty(0).Max();
        _upright = widest <= cell - 4;
        _lean = _upright ? 0 : widest * Math.Sqrt(0.5);
    }

    /// <summary>Height that they take.</summary>
    public double Height => Math.Max(Type + 10, _lean + 14);

    /// <summary>Room to the right of the last column.</summary>
    public double Overhang => Math.Max(12, _lean + 6);

    /// <summary>Draws them.</summary>
    /// <param name="marks">Receives them.</param>
    /// <param name="left">Left end of the first column.</param>
    /// <param name="top">Top of the columns, which is the lower end of the heads.</param>
    public void Draw(List<Mark> marks, double left, double top)
    {
        for (int column = 0; column < _tokens.Count; column++)
        {
            double x = left + column * _cell + _cell / 2;
            string token = TextWidth.Fit(_tokens[column], Type, Longest);
            marks.Add(_upright || IsCharacter(token) ? new Label(x, top - 9, token, Type, Anchor.Middle) : new Label(x - 2, top - 7, token, Type, Angle: -45));
        }
    }

    private static bool IsCharacter(string token) => new StringInfo(token).LengthInTextElements == 1;
}
