using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.ChatTemplates;

namespace Ashlar.Inference.Chat;

/// <summary>Finds the chat format of a tokenizer.</summary>
public static class ChatFormat
{
    /// <summary>
    /// The tokenizer's chat template; without one ChatML where the tokenizer has its control tokens; null otherwise.
    /// </summary>
    /// <exception cref="InvalidDataException">The template cannot be read, or does not write a simple conversation.</exception>
    public static IChatFormat? Of(Tokenizer tokenizer)
    {
        // Ashlar's own template is encoded segment by segment, as in fine-tuning.
        if (tokenizer.ChatTemplate is { } template && template != ChatMl.Template)
            return new TemplateChatFormat(tokenizer, new ChatTemplate(template));
        return tokenizer.TokenToId(ChatMl.Start) is not null && tokenizer.TokenToId(ChatMl.End) is not null
            ? new ChatMlFormat(new ChatMl(tokenizer))
            : null;
    }

    private sealed class ChatMlFormat(ChatMl format) : IChatFormat
    {
        public IReadOnlyList<int> StopIds { get; } = [format.EndId];

        public int[] EncodePrompt(IReadOnlyList<Tokenizers.Chat.ChatMessage> messages) => format.Encode(messages, addGenerationPrompt: true).Ids;
    }
}
