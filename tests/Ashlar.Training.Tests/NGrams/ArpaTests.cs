using System.Globalization;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.NGrams;
using CsCheck;

namespace Ashlar.Training.Tests.NGrams;

public sealed class ArpaTests : IDisposable
{
    // As SRILM writes them: weights only where something follows, tabs and spaces, a comment first.
    private const string Written = """
        a comment

        \data\
        ngram 1=5
        ngram 2=4
        ngram 3=1

        \1-grams:
        -0.69897	</s>
        -99	<s>	-0.30103
        -0.39794	a	-0.1760913
        -0.60206	b	-0.07918125
        -1.30103	<unk>

        \2-grams:
        -0.2218487	<s> a	-0.1249387
        -0.5228787	a b	0
        -0.4559320	b </s>
        -0.6989700	a </s>

        \3-grams:
        -0.1549020	<s> a b

        \end\
        """;

    private static readonly string[] Tokens = ["<unk>", "<s>", "</s>", "a", "b"];

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-arpa-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_of_another_tool_gives_the_probabilities_by_back_off()
    {
        using NGramModel model = Import(Written, Tokens);
        Assert.Equal((1, 2), (model.Header.BeginId, model.Header.EndId));
        Assert.Equal(Math.Pow(10, -0.1549020), model.Probability([1, 3], 4), 1e-6); // the trigram
        Assert.Equal(Math.Pow(10, -0.1249387 - 0.6989700), model.Probability([1, 3], 2), 1e-6); // weight of "<s> a", then "a </s>"
        Assert.Equal(Math.Pow(10, -0.1249387 - 0.1760913 - 0.39794), model.Probability([1, 3], 3), 1e-6); // both weights, then "a"
        Assert.Equal(Math.Pow(10, -0.07918125 - 1.30103), model.Probability([4, 4], 0), 1e-6); // "b b" unseen: only the weight of "b"
        Assert.Equal(0, model.Probability([3], 1));
        Assert.Equal(["<s>", "a", "b"], ArpaReader.Vocabulary(Path.Combine(_folder, "x.arpa")).Where(t => t is not ("</s>" or "<unk>")));
        double[] all = new double[5];
        model.Probabilities([1, 3], all);
        for (int w = 0; w < 5; w++)
            Assert.Equal(model.Probability([1, 3], w), all[w], 1e-12);
        Assert.Equal(0, model.Explain([1, 3], 4).Uniform);
    }

    [Theory]
    [InlineData("\\3-grams:", "\\4-grams:", "line 21: expected \\3-grams:")]
    [InlineData("<s> a b", "<s> b b", "line 22: the tokens before the last one")]
    [InlineData("-0.60206\tb", "0.60206\tb", "expected at most 0")]
    [InlineData("a </s>", "c </s>", "line 19: the token 'c' is not in the vocabulary")]
    [InlineData("ngram 2=4", "ngram 2=3", "more 2-grams than the 3")]
    [InlineData("ngram 2=4", "ngram 2=5", "4 2-grams where")]
    [InlineData("a </s>", "b </s>", "listed twice")]
    [InlineData("-0.5228787", "x", "expected a log10 probability, 2 tokens")]
    [InlineData("\\end\\", "", "expected \\end\\")]
    [InlineData("\\data\\", "", "no \\data\\")]
    public void What_is_wrong_is_said_with_its_line(string old, string changed, string words) =>
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => Import(Written.Replace(old, changed), Tokens)).Message);

    [Fact]
    public void Export_and_import_keep_every_probability() => Gen.Select(Gen.Int[0, 5].Array[0, 12].Array[1, 12], Gen.Int[1, 5], Gen.Int[0, 2], Gen.Int[0, 3]).Sample((sentences, order, boundary, kind) =>
    {
        (int begin, int end) = boundary switch { 0 => (-1, -1), 1 => (6, 6), _ => (7, 6) };
        NGramSmoothing smoothing = ((NGramSmoothing[])[NGramSmoothing.MaximumLikelihood, NGramSmoothing.WittenBell, NGramSmoothing.KneserNey, NGramSmoothing.ModifiedKneserNey])[kind];
        int[][] documents = begin < 0 ? sentences : [.. sentences.Select(s => (int[])[begin, .. s, end])];
        using CountedModel counted = new(documents, 8, order, new() { Smoothing = smoothing, BeginId = begin, EndId = end });
        // Tokens with white space or none at all, and ordinary ones that are spelled like the ends of a sentence.
        string[] names = ["a", "b b", "c\n", "", "<0x41>", "<s>", "</s>", "é"];
        string arpa = Path.Combine(_folder, "x.arpa");
        ArpaWriter.Write(counted.Model, arpa, id => names[id]);
        using NGramModel again = Import(null, [.. names.Select(ArpaWriter.SpellText)], begin, end);
        foreach (int[] history in documents.SelectMany(d => Enumerable.Range(0, d.Length).Select(n => d[..n])).Append([5, 5, 5]))
            for (int w = 0; w < 8; w++)
                Assert.Equal(counted.Model.Probability(history, w), again.Probability(history, w), 1e-6);
    }, iter: 60, threads: 1);

    [Fact]
    public void What_back_off_cannot_say_is_refused()
    {
        using CountedModel counted = new([[1, 2]], 3, 2, new() { Smoothing = NGramSmoothing.AddK });
        Assert.Contains("add-k", Assert.Throws<InvalidDataException>(() => ArpaWriter.Write(counted.Model, Path.Combine(_folder, "x"), id => id.ToString(CultureInfo.InvariantCulture))).Message);
    }

    private NGramModel Import(string? text, string[] tokens, int begin = 1, int end = 2)
    {
        string arpa = Path.Combine(_folder, "x.arpa"), path = Path.Combine(_folder, $"{Guid.NewGuid():N}.ngram");
        if (text is not null)
            File.WriteAllText(arpa, text);
        ArpaReader.Import(arpa, path, tokens.Length, token => token switch
        {
            ArpaWriter.Begin when begin >= 0 => begin,
            ArpaWriter.End when end >= 0 => end,
            _ => Array.IndexOf(tokens, token) is >= 0 and int id ? id : null,
        });
        return NGramModel.Open(path, verify: true);
    }
}
