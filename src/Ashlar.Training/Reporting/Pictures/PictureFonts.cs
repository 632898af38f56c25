using System.Text;
using SkiaSharp;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>Finds, for each character, a font of the machine that has it.</summary>
internal sealed class PictureFonts : IDisposable
{
    // Looked for in this order; then whatever else is installed.
    private static readonly string[] Preferred =
    [
        "Noto Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans", "Liberation Sans", "Arial",
        "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    ];

    private readonly SKFontManager _manager = SKFontManager.CreateDefault();
    private readonly Dictionary<(int Rune, bool Bold), SKTypeface> _known = [];
    private readonly Dictionary<(string Family, bool Bold), SKTypeface?> _families = [];
    private readonly List<string> _order;
    private readonly SortedSet<int> _missing = [];

    public PictureFonts()
    {
        HashSet<string> installed = [.. _manager.FontFamilies];
        _order = [.. Preferred.Where(installed.Contains), .. installed.Except(Preferred).Order(StringComparer.Ordinal)];
    }

    /// <summary>Characters that no font has, each once.</summary>
    public string Missing => string.Concat(_missing.Select(value => new Rune(value).ToString()));

    /// <summary>The text cut where the font changes.</summary>
    public List<(string Text, SKTypeface Face)> Runs(string text, bool bold)
    {
        List<(string Text, SKTypeface Face)> runs = [];
        StringBuilder run = new();
        SKTypeface? current = null;
        foreach (Rune rune in text.EnumerateRunes())
        {
            SKTypeface face = Face(rune, bold);
            if (current is not null && face != current)
            {
                runs.Add((run.ToString(), current));
                run.Clear();
            }

            current = face;
            run.Append(rune.ToString());
        }

        if (current is not null)
            runs.Add((run.ToString(), current));
        return runs;
    }

    public void Dispose()
    {
        foreach (SKTypeface? face in _families.Values)
            face?.Dispose();
        _manager.Dispose();
    }

    private SKTypeface Face(Rune rune, bool bold)
    {
        if (_known.TryGetValue((rune.Value, bold), out SKTypeface? face))
            return face;
        foreach (string family in _order)
        {
            if (Family(family, bold) is { } candidate && candidate.ContainsGlyph(rune.Value))
                return _known[(rune.Value, bold)] = candidate;
        }

        // A space or a control character needs no shape.
        if (!Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune))
            _missing.Add(rune.Value);
        return _known[(rune.Value, bold)] = _order.Select(family => Family(family, bold)).FirstOrDefault(candidate => candidate is not null) ?? SKTypeface.Default;
    }

    private SKTypeface? Family(string name, bool bold)
    {
        if (!_families.TryGetValue((name, bold), out SKTypeface? face))
            _families[(name, bold)] = face = _manager.MatchFamily(name, bold ? SKFontStyle.Bold : SKFontStyle.Normal);
        return face;
    }
}
