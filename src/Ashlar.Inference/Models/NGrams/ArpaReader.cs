using System.Globalization;
using System.Text;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// Reads ARPA back-off files, as SRILM, KenLM, IRSTLM and others write them: <c>\data\</c> with the numbers of n-grams, a section
/// <c>\N-grams:</c> for each order whose lines are log10 probability, tokens, log10 back-off weight, and <c>\end\</c>.
/// </summary>
public static class ArpaReader
{
    /// <summary>The tokens of a file, in its own order: what a vocabulary can be made of.</summary>
    /// <exception cref="InvalidDataException">Not an ARPA file; the sentence gives the line.</exception>
    public static IReadOnlyList<string> Vocabulary(string path)
    {
        using Lines lines = new(path);
        _ = Sizes(lines);
        List<string> tokens = [];
        foreach ((_, string[] words, _) in Section(lines, 1))
            tokens.Add(words[0]);
        return tokens;
    }

    /// <summary>Turns an ARPA file into a <c>model.ngram</c>.</summary>
    /// <param name="arpa">The ARPA file.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="vocabularySize">Ids are below this; a token that the file lacks gets probability 0.</param>
    /// <param name="tokenId">The id of a token, or null for one that the vocabulary lacks.</param>
    /// <exception cref="InvalidDataException">Not an ARPA file, or not of this vocabulary; the sentence gives the line.</exception>
    public static NGramHeader Import(string arpa, string path, int vocabularySize, Func<string, int?> tokenId)
    {
        using Lines lines = new(arpa);
        long[] sizes = Sizes(lines);
        List<NGramTable> tables = [];
        for (int order = 1; order <= sizes.Length; order++)
            tables.Add(order == 1 ? Unigrams(lines, vocabularySize, sizes.Length, tokenId) : Higher(lines, order, sizes, tables, tokenId));
        lines.Next();
        if (lines.Text != "\\end\\")
            throw lines.Wrong("expected \\end\\");
        NGramHeader header = new()
        {
            Order = sizes.Length,
            VocabularySize = vocabularySize,
            Smoothing = NGramSmoothing.BackOff,
            BeginId = tokenId(ArpaWriter.Begin) ?? -1,
            EndId = tokenId(ArpaWriter.End) ?? -1,
        };
        NGramFileWriter.Write(path, header, tables);
        return header;
    }

    private static long[] Sizes(Lines lines)
    {
        do
        {
            if (!lines.Next())
                throw lines.Wrong("there is no \\data\\; expected an ARPA file");
        }
        while (lines.Text != "\\data\\"); // some tools write comments before it
        List<long> sizes = [];
        while (lines.Next() && lines.Text.StartsWith("ngram ", StringComparison.Ordinal))
        {
            string[] parts = lines.Text["ngram ".Length..].Split('=');
            if (parts.Length != 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out int order) || order != sizes.Count + 1
                || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out long size) || size < 0 || size > int.MaxValue)
                throw lines.Wrong($"expected ngram {sizes.Count + 1}=COUNT");
            sizes.Add(size);
        }

        if (sizes.Count is < 1 or > NGramHeader.MaximumOrder)
            throw lines.Wrong($"the file has {sizes.Count} orders; expected from 1 to {NGramHeader.MaximumOrder}");
        lines.PutBack();
        return [.. sizes];
    }

    // Lines up to the next one that begins with a backslash.
    private static IEnumerable<(float Probability, string[] Words, float Backoff)> Section(Lines lines, int order)
    {
        if (!lines.Next() || lines.Text != $"\\{order}-grams:")
            throw lines.Wrong($"expected \\{order}-grams:");
        while (lines.Next() && !lines.Text.StartsWith('\\'))
        {
            string[] parts = lines.Text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            float backoff = 0;
            if (parts.Length < order + 1 || parts.Length > order + 2 || !Number(parts[0], out float probability)
                || (parts.Length == order + 2 && !Number(parts[^1], out backoff)))
                throw lines.Wrong($"expected a log10 probability, {order} token{(order == 1 ? "" : "s")} and perhaps a log10 back-off weight");
            if (probability > 1e-4f)
                throw lines.Wrong($"log10 of a probability is {probability}; expected at most 0");
            yield return (Math.Min(probability, 0), parts[1..(order + 1)], backoff);
        }

        lines.PutBack();
    }

    private static bool Number(string text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && !float.IsNaN(value) && value < float.PositiveInfinity;

    private static int Id(Lines lines, string word, Func<string, int?> tokenId, int vocabularySize) =>
        tokenId(word) is { } id && (uint)id < (uint)vocabularySize ? id : throw lines.Wrong($"the token '{word}' is not in the vocabulary");

    private static NGramTable Unigrams(Lines lines, int vocabularySize, int order, Func<string, int?> tokenId)
    {
        float[] probabilities = new float[vocabularySize], backoffs = new float[vocabularySize];
        Array.Fill(probabilities, float.NegativeInfinity);
        bool shared = tokenId(ArpaWriter.Begin) is { } begin && begin == tokenId(ArpaWriter.End);
        foreach ((float probability, string[] words, float backoff) in Section(lines, 1))
        {
            // <s> and </s> may be one token of ours: the first gives its weight, the second its probability.
            int id = Id(lines, words[0], tokenId, vocabularySize);
            if (!shared || words[0] != ArpaWriter.Begin)
                probabilities[id] = probability <= ArpaWriter.Zero ? float.NegativeInfinity : probability;
            if (!shared || words[0] != ArpaWriter.End)
                backoffs[id] = backoff;
        }

        return new NGramTable { Probabilities = probabilities, Backoffs = order > 1 ? backoffs : [] };
    }

    private static NGramTable Higher(Lines lines, int order, long[] sizes, List<NGramTable> lower, Func<string, int?> tokenId)
    {
        int vocabularySize = lower[0].Count;
        int count = (int)sizes[order - 1], read = 0;
        ulong[] keys = new ulong[count];
        (float Probability, float Backoff)[] values = new (float, float)[count];
        foreach ((float probability, string[] words, float backoff) in Section(lines, order))
        {
            if (read == count)
                throw lines.Wrong($"there are more {order}-grams than the {count} that \\data\\ announced");
            uint context = (uint)Id(lines, words[0], tokenId, vocabularySize);
            for (int k = 1; k < order - 1; k++)
                context = Child(lines, lower[k - 1], lower[k], context, Id(lines, words[k], tokenId, vocabularySize));
            keys[read] = ((ulong)context << 32) | (uint)Id(lines, words[^1], tokenId, vocabularySize);
            values[read++] = (probability <= ArpaWriter.Zero ? float.NegativeInfinity : probability, backoff);
        }

        if (read < count)
            throw lines.Wrong($"there are {read} {order}-grams where \\data\\ announced {count}");
        Array.Sort(keys, values);
        uint[] starts = new uint[lower[^1].Count + 1];
        for (int i = 0; i < count; i++)
        {
            if (i > 0 && keys[i] == keys[i - 1])
                throw lines.Wrong($"one of the {order}-grams above is listed twice");
            starts[(keys[i] >> 32) + 1]++;
        }

        for (int i = 1; i < starts.Length; i++)
            starts[i] += starts[i - 1];
        lower[^1].Starts = starts;
        return new NGramTable
        {
            Words = Array.ConvertAll(keys, key => (int)(uint)key),
            Probabilities = Array.ConvertAll(values, value => value.Probability),
            Backoffs = order < sizes.Length ? Array.ConvertAll(values, value => value.Backoff) : [],
        };
    }

    private static uint Child(Lines lines, NGramTable table, NGramTable next, uint context, int word)
    {
        int start = (int)table.Starts[context], end = (int)table.Starts[context + 1];
        int found = Array.BinarySearch(next.Words, start, end - start, word);
        return found >= 0 ? (uint)found : throw lines.Wrong("the tokens before the last one are not listed as an n-gram of the order below");
    }

    /// <summary>The lines that are not empty, with their numbers.</summary>
    private sealed class Lines(string path) : IDisposable
    {
        private readonly StreamReader _reader = File.Exists(path)
            ? new(path, Encoding.UTF8)
            : throw new FileNotFoundException($"{path}: no such file; expected an ARPA file.", path);

        private int _number;
        private bool _again;

        public string Text { get; private set; } = "";

        public bool Next()
        {
            if (_again)
            {
                _again = false;
                return Text.Length > 0;
            }

            while (_reader.ReadLine() is { } line)
            {
                _number++;
                Text = line.Trim(' ', '\t', '\r');
                if (Text.Length > 0)
                    return true;
            }

            Text = "";
            return false;
        }

        public void PutBack() => _again = true;

        public InvalidDataException Wrong(string fault) => new($"{path}: line {_number}: {fault}.");

        public void Dispose() => _reader.Dispose();
    }
}
