using System.Text;
using Ashlar.Inference.Decoding;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Inference.Tests.Decoding;

public sealed class TextGeneratorTests
{
    // 256 bytes and an end: every character beyond ASCII takes several tokens.
    private static readonly Tokenizer Bytes = ByteLevelBpeTrainer.Train([""], vocabularySize: 257);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static int End => Bytes.SpecialTokens.EndOfText!.Value;

    [Fact]
    public void Only_whole_characters_come_out()
    {
        const string Text = "a 语言模型 🙂é!";
        List<GeneratedPiece> pieces = [.. Run(Text, new() { StopIds = [End], MaxTokens = 100 })];
        Assert.Equal(Text, string.Concat(pieces.Select(p => p.Text)));
        Assert.All(pieces, piece => Assert.DoesNotContain('\uFFFD', piece.Text));
        Assert.All(pieces, piece => Assert.True(piece.Text.Length == 0 || !char.IsHighSurrogate(piece.Text[^1])));
        GenerationSummary summary = pieces[^1].Summary!;
        Assert.Equal((Text, FinishReason.StopToken, 1, Encoding.UTF8.GetByteCount(Text) + 1), (summary.Text, summary.FinishReason, summary.PromptTokenCount, summary.GeneratedTokenCount));
        Assert.Equal(End, summary.Tokens[^1]);
    }

    [Fact]
    public void A_stop_string_is_cut_off_and_never_seen()
    {
        List<GeneratedPiece> pieces = [.. Run("你好。用户：再见", new() { StopStrings = ["用户："], MaxTokens = 100 })];
        Assert.Equal("你好。", string.Concat(pieces.Select(p => p.Text)));
        Assert.Equal(("你好。", FinishReason.StopString), (pieces[^1].Summary!.Text, pieces[^1].Summary!.FinishReason));
    }

    [Fact]
    public void What_was_held_back_comes_out_when_it_ends()
    {
        GenerationSummary summary = Run("ok 用户", new() { StopStrings = ["用户："], StopIds = [End], MaxTokens = 100 }).Last().Summary!;
        Assert.Equal("ok 用户", summary.Text);
        // Ended in the middle of a character: the beginning that was generated is not lost silently.
        summary = Run("é", new() { MaxTokens = 1 }).Last().Summary!;
        Assert.Equal(("\uFFFD", FinishReason.MaxTokens), (summary.Text, summary.FinishReason));
    }

    [Fact]
    public void Any_text_comes_out_as_it_is() => Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
        Assert.Equal(text, string.Concat(Run(text, new() { StopIds = [End], MaxTokens = 1000 }).Select(p => p.Text))), iter: 100);

    [Fact]
    public void A_word_is_set_off_from_the_prompt_s_last_one_and_a_reply_begins_without_a_space()
    {
        Tokenizer words = WordLevelTrainer.Train(["the cat sat down"], 10);
        Tokenizer pieces = UnigramTrainer.Train(["the cat sat down"], 300);
        foreach (Tokenizer tokenizer in (Tokenizer[])[words, pieces])
        {
            int end = Assert.NotNull(tokenizer.SpecialTokens.EndOfText);
            int[] prompt = tokenizer.Encode("the cat"), rest = [.. tokenizer.Encode("the cat sat down")[prompt.Length..], end];
            TableModel model = new(tokenizer.VocabularySize, history => Certain(tokenizer.VocabularySize, rest[history.Count - prompt.Length]));
            GenerationOptions options = new() { Sampling = SamplingOptions.Greedy, StopIds = [end] };
            Assert.Equal(" sat down", Text(options));
            Assert.Equal("sat down", Text(options with { ContinuesPrompt = false }));

            string Text(GenerationOptions how) => string.Concat(new TextGenerator(model, tokenizer).Generate(prompt, how, cancellation: Cancellation).Select(piece => piece.Text));
        }

        static double[] Certain(int size, int id)
        {
            double[] probabilities = new double[size];
            probabilities[id] = 1;
            return probabilities;
        }
    }

    [Fact]
    public async Task The_asynchronous_form_gives_the_same()
    {
        string text = "";
        await foreach (GeneratedPiece piece in new TextGenerator(Script("模型"), Bytes).GenerateAsync(
            [End], new() { Sampling = SamplingOptions.Greedy, StopIds = [End] }, cancellation: Cancellation))
            text += piece.Text;
        Assert.Equal("模型", text);
    }

    [Fact]
    public void Cancelling_stops_between_two_tokens()
    {
        using CancellationTokenSource source = new();
        int count = 0;
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (GeneratedPiece piece in new TextGenerator(Script("a long text"), Bytes).Generate([End], new() { Sampling = SamplingOptions.Greedy }, cancellation: source.Token))
                if (++count == 3)
                    source.Cancel();
        });
        Assert.Equal(3, count);
    }

    [Fact]
    public void An_empty_prompt_begins_after_an_end_or_is_refused()
    {
        Assert.Equal([End], new TextGenerator(Script("x"), Bytes).EncodePrompt(""));
        Tokenizer characters = CharacterTrainer.Train(["abc"]);
        Assert.Throws<InvalidDataException>(() => new TextGenerator(Script("x"), characters).EncodePrompt(""));
    }

    private static IEnumerable<GeneratedPiece> Run(string text, GenerationOptions options) =>
        new TextGenerator(Script(text), Bytes).Generate([End], options with { Sampling = SamplingOptions.Greedy }, cancellation: Cancellation);

    /// <summary>A model that says a text and then the end token again and again.</summary>
    private static TableModel Script(string text)
    {
        int[] script = Bytes.Encode(text);
        return new(257, history =>
        {
            double[] probabilities = new double[257];
            probabilities[history.Count - 1 < script.Length ? script[history.Count - 1] : End] = 1;
            return probabilities;
        });
    }
}
