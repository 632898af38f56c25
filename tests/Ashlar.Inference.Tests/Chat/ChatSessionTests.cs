using Ashlar.Inference.Chat;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Tests.Decoding;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Inference.Tests.Chat;

public sealed class ChatSessionTests
{
    private static readonly Tokenizer Tokenizer = ByteLevelBpeTrainer.Train(
        [""], vocabularySize: 259, specialTokens: ["<|endoftext|>", ChatMl.Start, ChatMl.End]);

    private static readonly int End = Tokenizer.TokenToId(ChatMl.End)!.Value;

    private static readonly GenerationOptions Greedy = new() { Sampling = SamplingOptions.Greedy, MaxTokens = 20 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_model_sees_the_conversation_and_reads_what_is_new()
    {
        List<string> prompts = [];
        using ChatSession chat = New(prompts, systemPrompt: "Be brief.");
        Assert.Equal("hi", Say(chat, "hello", out ChatReply first));
        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n", prompts[^1]);
        Assert.Equal(0, first.CachedTokenCount);
        Assert.Equal("hi", Say(chat, "again", out ChatReply second));
        Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nhi<|im_end|>\n" +
            "<|im_start|>user\nagain<|im_end|>\n<|im_start|>assistant\n",
            prompts[^1]);
        // All of the first prompt and the reply's two letters; its end token had been chosen but not read.
        Assert.Equal(first.PromptTokenCount + 2, second.CachedTokenCount);
        Assert.Equal(["user", "assistant", "user", "assistant"], chat.Messages.Select(m => m.Role));
    }

    [Fact]
    public void Text_that_spells_a_control_token_stays_text()
    {
        List<string> prompts = [];
        List<int> last = [];
        using ChatSession chat = New(prompts, seen: last);
        _ = Say(chat, "<|im_end|>", out _);
        Assert.Equal(1, last.Count(id => id == End));
    }

    [Fact]
    public void A_change_of_the_past_is_read_anew()
    {
        List<string> prompts = [];
        using ChatSession chat = New(prompts, systemPrompt: "One");
        _ = Say(chat, "a", out _);
        chat.SystemPrompt = "Two";
        _ = Say(chat, "b", out ChatReply reply);
        Assert.StartsWith("<|im_start|>system\nTwo<|im_end|>\n<|im_start|>user\na<|im_end|>", prompts[^1]);
        Assert.Equal(Tokenizer.Encode("<|im_start|>system\n", parseSpecialTokens: true).Length, reply.CachedTokenCount);
        chat.Reset();
        _ = Say(chat, "c", out _);
        Assert.Equal("<|im_start|>system\nTwo<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n", prompts[^1]);
    }

    [Fact]
    public void The_oldest_turns_are_left_out_and_the_reply_says_so()
    {
        List<string> prompts = [];
        using ChatSession chat = New(prompts, systemPrompt: "S", context: 100);
        List<int> forgotten = [];
        for (int turn = 0; turn < 6; turn++)
        {
            _ = Say(chat, $"turn {turn}", out ChatReply reply);
            forgotten.Add(reply.NewlyForgottenCount);
            Assert.StartsWith("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n", prompts[^1]);
            Assert.Contains($"turn {turn}", prompts[^1]);
            Assert.InRange(reply.PromptTokenCount, 1, 100 - 20);
        }

        // A turn is 32 tokens, the frame 24, and 20 are kept for the reply: two turns fit.
        Assert.Equal([0, 0, 2, 2, 2, 2], forgotten);
        Assert.Equal(8, chat.ForgottenCount);
        Assert.Equal(12, chat.Messages.Count);
        Assert.DoesNotContain("turn 3", prompts[^1]);
        Assert.Contains("turn 4", prompts[^1]);
    }

    [Fact]
    public void A_message_that_cannot_fit_is_refused_and_not_kept()
    {
        using ChatSession chat = New([], context: 60);
        _ = Say(chat, "a", out _);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => chat.Send(new string('x', 60), Greedy, Cancellation));
        Assert.Contains("60", error.Message);
        Assert.Equal(2, chat.Messages.Count);
        Assert.Equal(0, chat.ForgottenCount);
        Assert.Equal("hi", Say(chat, "b", out _));
    }

    [Fact]
    public void A_reply_that_is_broken_off_is_kept_as_far_as_it_came()
    {
        List<string> prompts = [];
        using ChatSession chat = New(prompts);
        foreach (GeneratedPiece piece in chat.Send("a", Greedy, Cancellation).Pieces)
            break;
        Assert.Equal(new ChatMessage("assistant", "h"), chat.Messages[^1]);
        _ = Say(chat, "b", out _);
        Assert.Contains("<|im_start|>assistant\nh<|im_end|>\n<|im_start|>user\nb", prompts[^1]);
    }

    [Fact]
    public void A_conversation_can_be_saved_and_taken_up_again()
    {
        List<string> prompts = [];
        using ChatSession chat = New(prompts, systemPrompt: "系统");
        _ = Say(chat, "你好 \"x\"", out _);
        string folder = Directory.CreateTempSubdirectory("ashlar-").FullName;
        try
        {
            string path = Path.Combine(folder, "chat.json");
            chat.ToHistory().Save(path);
            Assert.Contains("你好", File.ReadAllText(path));
            using ChatSession other = New(prompts);
            other.Restore(ChatHistory.Load(path));
            Assert.Equal("系统", other.SystemPrompt);
            Assert.Equal(chat.Messages, other.Messages);
            _ = Say(chat, "next", out _);
            _ = Say(other, "next", out _);
            Assert.Equal(prompts[^2], prompts[^1]);

            foreach ((string text, string part) in new[]
            {
                ("{", "not a conversation"),
                ("{}", "messages is missing"),
                ("""{"messages":[{"role":"robot","content":"x"}]}""", "message 1"),
                ("""{"messages":[{"role":"user","content":"x"},{"role":"system","content":"x"}]}""", "message 2"),
            })
            {
                File.WriteAllText(path, text);
                Assert.Contains(part, Assert.Throws<InvalidDataException>(() => ChatHistory.Load(path)).Message);
            }

            Assert.Throws<FileNotFoundException>(() => ChatHistory.Load(Path.Combine(folder, "none.json")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Say(ChatSession chat, string text, out ChatReply reply)
    {
        reply = chat.Send(text, Greedy, Cancellation);
        string said = string.Concat(reply.Pieces.Select(piece => piece.Text));
        Assert.Equal(new ChatMessage("assistant", said), chat.Messages[^1]);
        return said;
    }

    // Says "hi" whatever it is told, and keeps the prompts it was told.
    private static ChatSession New(List<string> prompts, string? systemPrompt = null, int? context = null, List<int>? seen = null)
    {
        int[] opening = Tokenizer.Encode("<|im_start|>assistant\n", parseSpecialTokens: true);
        TableModel model = new(259, history =>
        {
            int[] all = [.. history];
            double[] probabilities = new double[259];
            int next = End;
            if (all.AsSpan().EndsWith(opening))
            {
                prompts.Add(Tokenizer.Decode(all));
                seen?.Clear();
                seen?.AddRange(all);
                next = Tokenizer.Encode("h")[0];
            }
            else if (all[^1] == Tokenizer.Encode("h")[0])
            {
                next = Tokenizer.Encode("i")[0];
            }

            probabilities[next] = 1;
            return probabilities;
        }, context);
        return new(model, Tokenizer, ChatFormat.Of(Tokenizer)!, systemPrompt);
    }
}
