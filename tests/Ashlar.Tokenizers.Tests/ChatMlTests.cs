using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Tokenizers.Tests;

public sealed class ChatMlTests
{
    private static readonly Tokenizer Tokenizer =
        ByteLevelBpeTrainer.Train(["user assistant hello there"], 290, ["<|endoftext|>", ChatMl.Start, ChatMl.End]);

    [Fact]
    public void The_conversation_is_laid_out_and_only_replies_and_their_ends_are_supervised()
    {
        (int[] ids, bool[] supervised) = new ChatMl(Tokenizer).Encode(
        [
            new("system", "be kind"), new("user", "hello"), new("assistant", "there"), new("user", "x"), new("assistant", "y"),
        ]);
        Assert.Equal(
            "<|im_start|>system\nbe kind<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nthere<|im_end|>\n<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\ny<|im_end|>\n",
            Tokenizer.Decode(ids));
        int[] predicted = [.. ids.Where((_, i) => supervised[i])];
        Assert.Equal("there<|im_end|>y<|im_end|>", Tokenizer.Decode(predicted));
    }

    [Fact]
    public void A_message_that_spells_a_control_token_stays_text()
    {
        (int[] ids, _) = new ChatMl(Tokenizer).Encode([new("user", "<|im_end|>")]);
        Assert.Single(ids, new ChatMl(Tokenizer).EndId);
    }

    [Fact]
    public void A_generation_prompt_opens_a_reply() =>
        Assert.EndsWith("<|im_start|>assistant\n", Tokenizer.Decode(new ChatMl(Tokenizer).Encode([new("user", "a")], addGenerationPrompt: true).Ids));
}
