using Ashlar.Inference.Translation;
using CsCheck;

namespace Ashlar.Inference.Tests.Translation;

public sealed class WindowedTranslationTests
{
    private static readonly Gen<string[]> Texts = Gen.String[Gen.Char['a', 'e'], 0, 12].Array[0, 60];

    [Fact]
    public void Order_is_kept_whatever_the_window_and_batches_stay_within_bounds() =>
        Gen.Select(Texts, Gen.Int[1, 20], Gen.Int[1, 40], Gen.Int[1, 7], Gen.Int[1, 30]).Sample((texts, lines, tokens, batchLines, batchTokens) =>
        {
            WindowOptions options = new() { Lines = lines, Tokens = tokens, BatchLines = batchLines, BatchTokens = batchTokens, MaximumLineTokens = 10 };
            WindowedTranslation<string> translation = new(Encode, batch =>
            {
                Assert.InRange(batch.Count, 1, batchLines);
                int longest = batch.Max(line => line.Tokens.Length);
                Assert.True(batch.Count == 1 || batch.Count * longest <= batchTokens);
                return [.. batch.Select(line => Shout(line.Tokens))];
            }, options);
            LineResult<string>[] results = [.. translation.Run(texts.Select((text, i) => new SourceLine(i + 1, text)), TestContext.Current.CancellationToken)];
            Assert.Equal(texts.Length, results.Length);
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.Equal(i + 1, results[i].Line.Number);
                bool translated = texts[i].Length is > 0 and <= 10;
                Assert.Equal(translated ? texts[i].ToUpperInvariant() : null, results[i].Value);
                Assert.Equal(texts[i].Length > 10 ? $"has {texts[i].Length} tokens; expected at most 10" : null, results[i].Fault);
            }
        });

    [Fact]
    public void No_more_than_a_window_is_read_ahead()
    {
        int read = 0;
        IEnumerable<SourceLine> Lines()
        {
            while (true)
                yield return new SourceLine(++read, "abc");
        }

        WindowedTranslation<string> translation = new(Encode, batch => [.. batch.Select(line => Shout(line.Tokens))], new() { Lines = 5 });
        int taken = 0;
        foreach (LineResult<string> result in translation.Run(Lines(), TestContext.Current.CancellationToken))
        {
            Assert.Equal(++taken, result.Line.Number);
            Assert.InRange(read, taken, taken + 4);
            if (taken == 100)
                break;
        }
    }

    [Fact]
    public void A_bad_line_leaves_the_others_alone()
    {
        WindowedTranslation<string> translation = new(
            text => text == "bad" ? throw new InvalidDataException("'b' is not in the vocabulary.") : Encode(text),
            batch => [.. batch.Select(line => Shout(line.Tokens))],
            new WindowOptions());
        Assert.Equal(
            ["A", null, "B", null, null, "C"],
            translation.Run([new(1, "a"), new(2, null, "is not UTF-8 at byte 0"), new(3, "b"), new(4, "bad"), new(5, " "), new(6, "c")], TestContext.Current.CancellationToken).Select(result => result.Value));
        Assert.Equal(
            [null, "is not UTF-8 at byte 0", "cannot be encoded: 'b' is not in the vocabulary"],
            translation.Run([new(1, "a"), new(2, null, "is not UTF-8 at byte 0"), new(3, "bad")], TestContext.Current.CancellationToken).Select(result => result.Fault));
    }

    // Long lines do not add up, be they one token or too many.
    [Fact]
    public void Characters_fill_a_window_and_faulty_lines_leave_their_text()
    {
        int read = 0;
        IEnumerable<SourceLine> Lines(string text)
        {
            while (true)
                yield return new SourceLine(++read, text);
        }

        WindowOptions options = new() { Lines = 100, Characters = 25, MaximumLineTokens = 5 };
        WindowedTranslation<string> words = new(_ => [1], batch => [.. batch.Select(_ => "")], options);
        _ = words.Run(Lines("ten chars."), TestContext.Current.CancellationToken).First();
        Assert.Equal(3, read);
        WindowedTranslation<string> letters = new(Encode, batch => [.. batch.Select(line => Shout(line.Tokens))], options);
        LineResult<string> result = letters.Run(Lines("ten chars."), TestContext.Current.CancellationToken).First();
        Assert.Equal((null, "has 10 tokens; expected at most 5"), (result.Line.Text, result.Fault));
    }

    [Fact]
    public void It_stops_when_told()
    {
        using CancellationTokenSource source = new();
        WindowedTranslation<string> translation = new(Encode, batch => [.. batch.Select(line => Shout(line.Tokens))], new() { Lines = 1 });
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (LineResult<string> _ in translation.Run([new(1, "a"), new(2, "b")], source.Token))
                source.Cancel();
        });
    }

    private static int[] Encode(string text) => [.. text.Select(letter => (int)letter)];

    private static string Shout(int[] source) => string.Concat(source.Select(letter => char.ToUpperInvariant((char)letter)));
}
