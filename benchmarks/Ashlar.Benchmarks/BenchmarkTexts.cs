using System.IO.Compression;
using System.Text;

namespace Ashlar.Benchmarks;

/// <summary>Texts to measure with: the optional data where it is, else the corpus that ships with the project, repeated.</summary>
internal static class BenchmarkTexts
{
    // Plays, stories, articles, novels, essays and Chinese, so that no one sort of text decides.
    private static readonly (string Folder, string File, int Most)[] Mixture =
    [
        ("tinyshakespeare", "input.txt", 1_200_000),
        ("tinystories-sample", "stories.txt", 1_000_000),
        ("wikitext2-eval", "wiki.valid.raw.gz", 1_200_000),
        ("gutenberg-ml5", "bronte.txt.gz", 2_500_000),
        ("gutenberg-ml5", "darwin.txt.gz", 2_500_000),
        ("gutenberg-ml5", "dubois.txt.gz", 2_500_000),
        ("chinese-classics", "hongloumeng.txt.gz", 700_000),
    ];

    /// <summary>About so many UTF-8 bytes of text, and where it comes from.</summary>
    public static (string Text, string Source) Mixed(string data, int bytes)
    {
        List<byte> all = [];
        foreach ((string folder, string file, int most) in Mixture)
        {
            string path = Path.Combine(data, folder, file);
            if (!File.Exists(path))
                continue;
            byte[] text = Read(path);
            all.AddRange(text.AsSpan(0, LineEnd(text, Math.Min(most, text.Length))));
        }

        string source = "measurement data (" + string.Join(", ", Mixture.Select(part => part.Folder).Distinct()) + ")";
        // The same C# sources for everyone: this project's own.
        foreach (string file in Directory.EnumerateFiles(Path.Combine(BenchmarkArguments.RepositoryRoot, "src"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")).Order(StringComparer.Ordinal))
            all.AddRange(File.ReadAllBytes(file));
        if (all.Count < bytes / 2)
        {
            source = "corpus/ and src/, repeated";
            foreach (string file in Directory.EnumerateFiles(Path.Combine(BenchmarkArguments.RepositoryRoot, "corpus"), "*.*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                all.AddRange(File.ReadAllBytes(file));
        }

        int once = all.Count;
        while (all.Count < bytes)
            all.AddRange(all.GetRange(0, Math.Min(once, bytes - all.Count)));
        byte[] whole = [.. all];
        // Encoders differ in whether they take a special token in the text for one; this is about text.
        return (Encoding.UTF8.GetString(whole, 0, LineEnd(whole, bytes)).Replace("<|endoftext|>", "", StringComparison.Ordinal), source);
    }

    // The last line end at or before a place, so that no character is cut in two.
    private static int LineEnd(ReadOnlySpan<byte> text, int at)
    {
        int end = text[..at].LastIndexOf((byte)'\n') + 1;
        return end > 0 ? end : at;
    }

    private static byte[] Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
