using Ashlar.Shared;
using SkiaSharp;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>
/// Pictures as PNG, drawn by Skia with the fonts of the machine. Text runs from left to right with one shape a character: scripts
/// that join letters or run from right to left, such as Arabic, are shaped only in SVG, by what shows it.
/// </summary>
public static class PngPicture
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="picture">What to draw.</param>
    /// <param name="scale">Pixels for a CSS pixel: 2 is sharp on screens and in print.</param>
    /// <returns>Characters that no font of the machine has; they are drawn as empty boxes.</returns>
    public static string Save(string path, Picture picture, double scale = 2)
    {
        byte[] png = Bytes(picture, scale, out string missing);
        AtomicFile.Write(path, stream => stream.Write(png));
        return missing;
    }

    /// <summary>The bytes of the file.</summary>
    /// <param name="picture">What to draw.</param>
    /// <param name="scale">Pixels for a CSS pixel.</param>
    /// <param name="missing">Characters that no font has.</param>
    public static byte[] Bytes(Picture picture, double scale, out string missing)
    {
        using PictureFonts fonts = new();
        using SKBitmap bitmap = new((int)Math.Ceiling(picture.Width * scale), (int)Math.Ceiling(picture.Height * scale));
        using SKCanvas canvas = new(bitmap);
        canvas.Clear(Colour(Ink.Paper));
        canvas.Scale((float)scale);
        foreach (Mark mark in picture.Marks)
        {
            switch (mark)
            {
                case Box box:
                    Draw(canvas, box);
                    break;
                case Segment line:
                    Draw(canvas, line);
                    break;
                case Label label:
                    Draw(canvas, label, fonts);
                    break;
            }
        }

        missing = fonts.Missing;
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static void Draw(SKCanvas canvas, Box box)
    {
        SKRect rectangle = SKRect.Create((float)box.X, (float)box.Y, (float)box.Width, (float)box.Height);
        if (box.Fill is { } fill)
        {
            using SKPaint paint = new() { Color = Colour(fill).WithAlpha((byte)Math.Round(255 * box.Opacity)), IsAntialias = true };
            canvas.DrawRect(rectangle, paint);
        }

        if (box.Stroke is { } stroke)
        {
            using SKPaint paint = new() { Color = Colour(stroke), IsStroke = true, StrokeWidth = (float)box.StrokeWidth, IsAntialias = true };
            canvas.DrawRect(rectangle, paint);
        }
    }

    private static void Draw(SKCanvas canvas, Segment line)
    {
        using SKPaint paint = new() { Color = Colour(line.Colour), IsStroke = true, StrokeWidth = (float)line.Width, IsAntialias = true };
        using SKPathEffect? dashes = line.Dashed ? SKPathEffect.CreateDash([4, 3], 0) : null;
        paint.PathEffect = dashes;
        canvas.DrawLine((float)line.X1, (float)line.Y1, (float)line.X2, (float)line.Y2, paint);
    }

    // Each run of characters in the first font that has them; Skia alone would draw boxes.
    private static void Draw(SKCanvas canvas, Label label, PictureFonts fonts)
    {
        using SKPaint paint = new() { Color = Colour(label.Colour), TextSize = (float)label.Size, IsAntialias = true, SubpixelText = true };
        List<(string Text, SKTypeface Face)> runs = fonts.Runs(label.Text, label.Bold);
        float width = 0;
        foreach ((string text, SKTypeface face) in runs)
        {
            paint.Typeface = face;
            width += paint.MeasureText(text);
        }

        canvas.Save();
        canvas.Translate((float)label.X, (float)label.Y);
        canvas.RotateDegrees((float)label.Angle);
        float at = label.Anchor switch { Anchor.Middle => -width / 2, Anchor.End => -width, _ => 0 };
        foreach ((string text, SKTypeface face) in runs)
        {
            paint.Typeface = face;
            canvas.DrawText(text, at, 0, paint);
            at += paint.MeasureText(text);
        }

        canvas.Restore();
    }

    private static SKColor Colour(Ink ink) => SKColor.Parse(ink switch
    {
        Ink.Paper => "#fdfcf9",
        Ink.Soft => "#6b6862",
        Ink.Rule => "#dcd8cf",
        Ink.Accent => "#2457a6",
        _ => "#1d1d1b",
    });
}
