using System.Globalization;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>
/// Tokens above the columns of a picture. Single characters always stand upright; other tokens do so together if all of them fit,
/// and lean otherwise.
/// </summary>
internal sealed class ColumnHeads
{
    private const double Type = 14, Longest = 150;
    private readonly string[] _tokens;
    private readonly double _cell;
    private readonly double[] _leans;

    /// <summary>Lays the heads out.</summary>
    /// <param name="tokens">As they are written.</param>
    /// <param name="cell">Width of a column.</param>
    public ColumnHeads(IReadOnlyList<string> tokens, double cell)
    {
        (_tokens, _cell) = ([.. tokens.Select(token => TextWidth.Fit(token, Type, Longest))], cell);
        bool upright = _tokens.All(token => IsCharacter(token) || TextWidth.Of(token, Type) <= cell - 4);
        // How far a leaning token reaches up, and as far to the right; 0 upright.
        _leans = [.. _tokens.Select(token => upright || IsCharacter(token) ? 0 : TextWidth.Of(token, Type) * Math.Sqrt(0.5))];
    }

    /// <summary>Height that they take: a leaning line of text reaches higher than its baseline by its letters' height.</summary>
    public double Height => Math.Max(Type + 10, _leans.DefaultIfEmpty(0).Max() + 7 + Type);

    /// <summary>Room to the right of the last column, into which only the heads near it lean.</summary>
    public double Overhang => Math.Max(12, _leans.Select((lean, column) => lean == 0 ? 0 : lean + 8 - _cell / 2 - (_leans.Length - 1 - column) * _cell).DefaultIfEmpty(0).Max());

    /// <summary>Draws them.</summary>
    /// <param name="marks">Receives them.</param>
    /// <param name="left">Left end of the first column.</param>
    /// <param name="top">Top of the columns, which is the lower end of the heads.</param>
    public void Draw(List<Mark> marks, double left, double top)
    {
        for (int column = 0; column < _tokens.Length; column++)
        {
            double x = left + column * _cell + _cell / 2;
            marks.Add(_leans[column] == 0 ? new Label(x, top - 9, _tokens[column], Type, Anchor.Middle) : new Label(x - 2, top - 7, _tokens[column], Type, Angle: -45));
        }
    }

    private static bool IsCharacter(string token) => new StringInfo(token).LengthInTextElements == 1;
}
