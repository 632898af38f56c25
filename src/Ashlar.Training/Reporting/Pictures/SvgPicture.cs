using System.Globalization;
using System.Net;
using System.Text;
using Ashlar.Shared;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>Pictures as SVG, for a page or as a file that stands alone.</summary>
public static class SvgPicture
{
    /// <summary>Rules that a page with such pictures needs beside <see cref="RunReport.Style"/>.</summary>
    public const string Style = """
        .f-ink{fill:var(--ink)}.f-paper{fill:var(--paper)}.f-soft{fill:var(--soft)}.f-rule{fill:var(--rule)}.f-accent{fill:var(--a)}
        .s-ink{stroke:var(--ink)}.s-paper{stroke:var(--paper)}.s-soft{stroke:var(--soft)}.s-rule{stroke:var(--rule)}.s-accent{stroke:var(--a)}
        svg.picture{max-width:none}svg.picture text{font-family:system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;font-size:inherit}
        svg.picture text.f-ink{fill:var(--ink)}svg.picture text.f-paper{fill:var(--paper)}svg.picture text.f-accent{fill:var(--a)}
        """;

    private const string Alone = """
        svg{--ink:#1d1d1b;--paper:#fdfcf9;--soft:#6b6862;--rule:#dcd8cf;--a:#2457a6}svg.picture text.f-soft{fill:var(--soft)}
        """;

    /// <summary>The element, to stand in a page.</summary>
    public static string Element(Picture picture) => Write(picture, "");

    /// <summary>Writes a file that stands alone.</summary>
    public static void Save(string path, Picture picture) => AtomicFile.WriteText(path, Document(picture));

    /// <summary>A document that stands alone.</summary>
    public static string Document(Picture picture) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + Write(picture, string.Create(CultureInfo.InvariantCulture,
            $"<style>{Alone}{Style}</style><rect class=\"f-paper\" width=\"{picture.Width:0.#}\" height=\"{picture.Height:0.#}\"/>"));

    private static string Write(Picture picture, string before)
    {
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" viewBox=\"0 0 {picture.Width:0.#} {picture.Height:0.#}\" width=\"{picture.Width:0.#}\" height=\"{picture.Height:0.#}\" style=\"width:{picture.Width:0.#}px\" role=\"img\" aria-label=\"{Escape(picture.Description)}\">{before}\n");
        foreach (Mark mark in picture.Marks)
        {
            switch (mark)
            {
                case Box box:
                    string opacity = box.Opacity < 1 ? string.Create(CultureInfo.InvariantCulture, $" fill-opacity=\"{box.Opacity:0.###}\"") : "";
                    string stroke = box.Stroke is { } outline ? string.Create(CultureInfo.InvariantCulture, $" stroke-width=\"{box.StrokeWidth:0.##}\" class=\"{Fill(box.Fill)} s-{Name(outline)}\"") : $" class=\"{Fill(box.Fill)}\"";
                    svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{box.X:0.#}\" y=\"{box.Y:0.#}\" width=\"{box.Width:0.#}\" height=\"{box.Height:0.#}\"{opacity}{stroke}{(box.Fill is null ? " fill=\"none\"" : "")}{(box.Note is { } note ? $"><title>{Escape(note)}</title></rect>" : "/>")}");
                    break;
                case Segment line:
                    svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{line.X1:0.#}\" y1=\"{line.Y1:0.#}\" x2=\"{line.X2:0.#}\" y2=\"{line.Y2:0.#}\" stroke-width=\"{line.Width:0.##}\" class=\"s-{Name(line.Colour)}\"{(line.Dashed ? " stroke-dasharray=\"4 3\"" : "")}/>");
                    break;
                case Label label:
                    string turn = label.Angle == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" transform=\"rotate({label.Angle:0.#} {label.X:0.#} {label.Y:0.#})\"");
                    string anchor = label.Anchor switch { Anchor.Middle => " text-anchor=\"middle\"", Anchor.End => " text-anchor=\"end\"", _ => "" };
                    svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{label.X:0.#}\" y=\"{label.Y:0.#}\"{anchor}{turn} class=\"f-{Name(label.Colour)}\" style=\"font-size:{label.Size:0.#}px{(label.Bold ? ";font-weight:600" : "")}\">{Escape(label.Text)}</text>");
                    break;
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Fill(Ink? fill) => fill is { } ink ? "f-" + Name(ink) : "";

    private static string Name(Ink ink) => ink.ToString().ToLowerInvariant();

    // Control characters can't stand in XML; tokens may hold them.
    private static string Escape(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.Select(letter => char.IsControl(letter) ? '\u2423' : letter)));
}
