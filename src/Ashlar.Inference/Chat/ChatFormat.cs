using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;

namespace Ashlar.Inference.Chat;

/// <summary>Finds the chat format of a tokenizer.</summary>
public static class ChatFormat
{
    /// <summary>ChatML where the tokenizer has its control tokens; null otherwise.</summary>
    public static IChatFormat? Of(Tokenizer tokenizer) =>
        tokenizer.TokenToId(ChatMl.Start) is not null && tokenizer.TokenToId(ChatMl.End) is not null
            ? new ChatMlFormat(new ChatMl(tokenizer))
            : null;

    private sealed class ChatMlFormat(ChatMl format) : IChatFormat
    {
        public IReadOnlyList<int> StopIds { get; } = [format.EndId];

        public int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => format.Encode(messages, addGenerationPrompt: true).Ids;
    }
}
