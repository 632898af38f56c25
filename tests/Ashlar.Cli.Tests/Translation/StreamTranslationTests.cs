using Ashlar.Cli.Translation;
using Ashlar.Datasets.Text;
using Ashlar.Inference.Translation;

namespace Ashlar.Cli.Tests.Translation;

public sealed class StreamTranslationTests
{
    [Fact]
    public void Lines_stay_parallel_and_bad_ones_are_reported_by_number()
    {
        byte[] input = [.. "ab\n\n"u8, 0xFF, .. "\nlong line\ncd"u8];
        List<long> done = [];
        (string output, string error, string alignments) = Run(input, new() { Name = "in.txt", Progress = done.Add });
        Assert.Equal("BA\n\n\n\nDC\n", output);
        Assert.Equal([1, 2, 3, 4, 5], done);
        Assert.Equal(
            "ashlar: in.txt: line 3: the line is not UTF-8 at byte 0. Its translation is left empty.\n" +
            "ashlar: in.txt: line 4: the line has 10 tokens; expected at most 5. Its translation is left empty.\n",
            error);
        Assert.Equal("1-0 0-1\n\n\n\n1-0 0-1\n", alignments);
    }

    [Fact]
    public void A_bad_line_is_fatal_when_asked() =>
        Assert.Contains("in.txt: line 2: the line is not UTF-8", Assert.Throws<InvalidDataException>(() => Run([.. "ab\n"u8, 0xFF], new() { Name = "in.txt", Strict = true })).Message);

    [Fact]
    public void Several_translations_carry_number_and_score()
    {
        (string output, _, string alignments) = Run("ab\n\n"u8.ToArray(), new() { Name = "in.txt", Numbered = true }, json: true, best: 2);
        Assert.Equal("1 ||| BA ||| -0.5000\n1 ||| ba ||| -1.5000\n2 |||  ||| 0.0000\n", output);
        string[] lines = alignments.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("""{"line":1,"source":["a","b","</s>"],"target":["B","A","</s>"],"attention":[[0.1,0.6,0.3],[0.6,0.1,0.3],[0.1,0.1,0.8]]}""", lines[0]);
        Assert.Equal("""{"line":2}""", lines[2]);
    }

    private static (string Output, string Error, string Alignments) Run(byte[] input, StreamTranslationOptions options, bool json = false, int best = 1)
    {
        StringWriter output = new(), error = new(), alignments = new();
        WindowedTranslation<TranslatedText[]> translation = new(Encode, batch => [.. batch.Select(line => Translate(line.Tokens)[..best])], new() { Lines = 3, MaximumLineTokens = 5 });
        IEnumerable<TranslatedLine> lines = translation
            .Run(Utf8Lines.Read(new MemoryStream(input)).Select(line => new SourceLine(line.Number, line.Text, line.Fault)), TestContext.Current.CancellationToken)
            .Select(result => new TranslatedLine(result.Line.Number, "", result.Value ?? (result.Fault is null ? [new("", [], 0, 0, true)] : []), result.Fault is null ? null : $"the line {result.Fault}."));
        new StreamTranslation(output, new AlignmentWriter(alignments, json), error.WriteLine, options).Run(lines);
        return (output.ToString(), error.ToString(), alignments.ToString());
    }

    // A model that writes the source backwards in capitals, and its end.
    private static int[] Encode(string text) => [.. text.Select(letter => (int)letter), 0];

    private static TranslatedText[] Translate(int[] source)
    {
        int length = source.Length - 1;
        string text = string.Concat(source[..length].Reverse().Select(id => char.ToUpperInvariant((char)id)));
        float[][] weights = [.. Enumerable.Range(0, source.Length).Select(row => Enumerable.Range(0, source.Length).Select(column =>
            row == length ? (column == length ? 0.8f : 0.1f) : column == length ? 0.3f : column == length - 1 - row ? 0.6f : 0.1f).ToArray())];
        AttentionMatrix attention = new(
            [.. source[..length].Select(id => ((char)id).ToString()), "</s>"], [.. text.Select(letter => letter.ToString()), "</s>"], weights)
        {
            SourcePlaces = [.. Enumerable.Range(0, length), -1],
        };
        return
        [
            new(text, source, -1, -0.5, true) { Attention = attention },
            new(text.ToLowerInvariant(), source, -3, -1.5, true) { Attention = attention },
        ];
    }
}
