namespace Ashlar.Training.Reporting.Pictures;

/// <summary>Something drawn; lengths are in CSS pixels, y grows downwards.</summary>
public abstract record Mark;

/// <summary>A rectangle.</summary>
/// <param name="X">Left.</param>
/// <param name="Y">Top.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Fill">Colour inside; null for none.</param>
/// <param name="Opacity">Strength of the fill, 0 to 1.</param>
/// <param name="Stroke">Colour of the outline; null for none.</param>
/// <param name="StrokeWidth">Width of the outline.</param>
/// <param name="Note">What a pointer resting on it is told, where the picture is shown by a browser.</param>
public sealed record Box(double X, double Y, double Width, double Height, Ink? Fill, double Opacity = 1, Ink? Stroke = null, double StrokeWidth = 1, string? Note = null) : Mark;

/// <summary>A straight line.</summary>
/// <param name="X1">Begins here.</param>
/// <param name="Y1">Begins here.</param>
/// <param name="X2">Ends here.</param>
/// <param name="Y2">Ends here.</param>
/// <param name="Colour">Its colour.</param>
/// <param name="Width">Its width.</param>
/// <param name="Dashed">Whether it is broken.</param>
public sealed record Segment(double X1, double Y1, double X2, double Y2, Ink Colour, double Width = 1, bool Dashed = false) : Mark;

/// <summary>One line of text.</summary>
/// <param name="X">Its point, on the baseline.</param>
/// <param name="Y">Its point, on the baseline.</param>
/// <param name="Text">What it says.</param>
/// <param name="Size">Height of the type.</param>
/// <param name="Anchor">Where it stands at its point.</param>
/// <param name="Colour">Its colour.</param>
/// <param name="Bold">Whether it is heavy.</param>
/// <param name="Angle">Turn about its point, in degrees clockwise.</param>
public sealed record Label(double X, double Y, string Text, double Size = 14, Anchor Anchor = Anchor.Start, Ink Colour = Ink.Ink, bool Bold = false, double Angle = 0) : Mark;

/// <summary>A drawing that can be written as SVG or PNG.</summary>
/// <param name="Width">Width in CSS pixels.</param>
/// <param name="Height">Height.</param>
/// <param name="Description">What it shows, for those who can't see it.</param>
/// <param name="Marks">In the order they are drawn.</param>
public sealed record Picture(double Width, double Height, string Description, IReadOnlyList<Mark> Marks)
{
    /// <summary>A title as the sentence that a description begins with; many a title ends in a full stop of its own.</summary>
    internal static string Opening(string title) => title.Length == 0 ? "" : ".!?。！？…".Contains(title[^1]) ? title + " " : title + ". ";
}
