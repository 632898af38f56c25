using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ashlar.Tokenizers.Unicode;

/// <summary>
/// The four normalization forms of Unicode Standard Annex #15 from tables of our own: without ICU (as in
/// globalization-invariant builds) <see cref="string.Normalize(NormalizationForm)"/> returns its input unchanged.
/// </summary>
internal static class UnicodeNormalization
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28, HangulCount = LeadCount * VowelCount * TailCount;

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    /// <summary>The text in the given form. Unpaired surrogates stay as they are.</summary>
    public static string Normalize(string text, NormalizationForm form)
    {
        bool compose = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        bool compatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        // No character below U+0300 is changed by NFC, none below U+00A0 by any form.
        char first = compose && !compatible ? '\u0300' : '\u00A0';
        int unchanged = 0;
        while (unchanged < text.Length && text[unchanged] < first)
            unchanged++;
        if (unchanged == text.Length)
            return text;

        List<int> points = new(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            int point = text[i];
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                point = char.ConvertToUtf32(text[i], text[++i]);
            Decompose(point, compatible, points);
        }

        Span<int> ordered = CollectionsMarshal.AsSpan(points);
        Order(ordered);
        return Write(compose ? Compose(ordered) : ordered);
    }

    /// <summary>The canonical combining class; 0 for a starter.</summary>
    public static int CombiningClass(int point) => Data.Value.Classes.GetValueOrDefault(point);

    private static void Decompose(int point, bool compatible, List<int> points)
    {
        int hangul = point - HangulBase;
        if ((uint)hangul < HangulCount)
        {
            points.Add(LeadBase + hangul / (VowelCount * TailCount));
            points.Add(VowelBase + hangul % (VowelCount * TailCount) / TailCount);
            if (hangul % TailCount != 0)
                points.Add(TailBase + hangul % TailCount);
            return;
        }

        Tables data = Data.Value;
        if (data.Canonical.TryGetValue(point, out int[]? parts) || compatible && data.Compatible.TryGetValue(point, out parts))
        {
            foreach (int part in parts)
                Decompose(part, compatible, points);
            return;
        }

        points.Add(point);
    }

    /// <summary>Sorts each run of combining marks by class, keeping the order of equals.</summary>
    private static void Order(Span<int> points)
    {
        for (int i = 1; i < points.Length; i++)
        {
            int point = points[i];
            int mark = CombiningClass(point);
            if (mark == 0)
                continue;
            int at = i;
            while (at > 0 && CombiningClass(points[at - 1]) > mark)
            {
                points[at] = points[at - 1];
                at--;
            }

            points[at] = point;
        }
    }

    /// <summary>Joins each starter with the marks after it, in place; returns the part that is left.</summary>
    private static Span<int> Compose(Span<int> points)
    {
        int starter = -1;
        int written = 0;
        int lastClass = 0;
        for (int i = 0; i < points.Length; i++)
        {
            int point = points[i];
            int mark = CombiningClass(point);
            // A mark is blocked from its starter by one before it of the same or a higher class (or another starter).
            bool adjacent = written - 1 == starter;
            if (starter >= 0 && (adjacent || lastClass < mark) && TryCompose(points[starter], point, out int composed))
            {
                points[starter] = composed;
                continue;
            }

            if (mark == 0)
                starter = written;
            lastClass = mark;
            points[written++] = point;
        }

        return points[..written];
    }

    private static bool TryCompose(int left, int right, out int composed)
    {
        int lead = left - LeadBase;
        int vowel = right - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            composed = HangulBase + (lead * VowelCount + vowel) * TailCount;
            return true;
        }

        int hangul = left - HangulBase;
        int tail = right - TailBase;
        if ((uint)hangul < HangulCount && hangul % TailCount == 0 && tail > 0 && tail < TailCount)
        {
            composed = left + tail;
            return true;
        }

        return Data.Value.Compositions.TryGetValue((left, right), out composed);
    }

    private static string Write(ReadOnlySpan<int> points)
    {
        StringBuilder text = new(points.Length);
        foreach (int point in points)
        {
            if (point < 0x10000)
                text.Append((char)point);
            else
                text.Append(char.ConvertFromUtf32(point));
        }

        return text.ToString();
    }

    /// <summary>What <c>normalization.txt</c> holds.</summary>
    private sealed class Tables
    {
        public Dictionary<int, int> Classes { get; } = [];

        public Dictionary<int, int[]> Canonical { get; } = [];

        public Dictionary<int, int[]> Compatible { get; } = [];

        public Dictionary<(int Left, int Right), int> Compositions { get; } = [];

        public static Tables Load()
        {
            Tables tables = new();
            using Stream stream = typeof(UnicodeNormalization).Assembly.GetManifestResourceStream("Ashlar.Tokenizers.Unicode.normalization.txt")!;
            using StreamReader reader = new(stream);
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#'))
                    continue;
                string[] fields = line.Split(' ');
                int point = int.Parse(fields[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                int combining = int.Parse(fields[1], CultureInfo.InvariantCulture);
                if (combining != 0)
                    tables.Classes.Add(point, combining);
                if (fields.Length < 4)
                    continue;
                int[] parts = [.. fields.Skip(3).Select(field => int.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
                (fields[2] == "K" ? tables.Compatible : tables.Canonical).Add(point, parts);
                if (fields[2] == "C")
                    tables.Compositions.Add((parts[0], parts[1]), point);
            }

            return tables;
        }
    }
}
