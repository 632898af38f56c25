using Ashlar.Training.Reporting.Pictures;
using SkiaSharp;

namespace Ashlar.Training.Tests.Reporting;

/// <summary>Where the text of a picture comes to stand, measured with the fonts of the machine and not by what laid the picture out.</summary>
internal static class TextExtent
{
    /// <summary>The box that a label fills, turned labels included.</summary>
    public static SKRect Of(Label label)
    {
        using PictureFonts fonts = new();
        using SKPaint paint = new() { TextSize = (float)label.Size, SubpixelText = true };
        float width = 0;
        foreach ((string text, SKTypeface face) in fonts.Runs(label.Text, label.Bold))
        {
            paint.Typeface = face;
            width += paint.MeasureText(text);
        }

        float left = label.Anchor switch { Anchor.Middle => -width / 2, Anchor.End => -width, _ => 0 };
        // Capitals rise by about three quarters of the type, tails hang by about a fifth.
        SKRect level = new(left, -0.75f * (float)label.Size, left + width, 0.2f * (float)label.Size);
        SKMatrix place = SKMatrix.CreateTranslation((float)label.X, (float)label.Y).PreConcat(SKMatrix.CreateRotationDegrees((float)label.Angle));
        return place.MapRect(level);
    }

    /// <summary>Every text stands on the canvas, some pixels from its edge, and every box within it.</summary>
    public static void AssertInside(Picture picture, double margin = 4)
    {
        foreach (Label label in picture.Marks.OfType<Label>())
        {
            SKRect place = Of(label);
            Assert.True(
                place.Left >= margin && place.Right <= picture.Width - margin && place.Top >= margin && place.Bottom <= picture.Height - margin,
                $"'{label.Text}' at {place} leaves less than {margin} pixels to the edge of {picture.Width} x {picture.Height}");
        }

        Assert.All(picture.Marks.OfType<Box>(), box => Assert.True(box.X >= 0 && box.Y >= 0 && box.X + box.Width <= picture.Width && box.Y + box.Height <= picture.Height));
    }
}
