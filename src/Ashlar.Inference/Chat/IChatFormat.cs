using Ashlar.Tokenizers.Chat;

namespace Ashlar.Inference.Chat;

/// <summary>How a conversation is written for a model.</summary>
public interface IChatFormat
{
    /// <summary>Tokens at which a reply ends.</summary>
    IReadOnlyList<int> StopIds { get; }

    /// <summary>The conversation as tokens, with the beginning of a reply for the model to go on from.</summary>
    /// <remarks>A message that spells a control token stays text.</remarks>
    int[] EncodePrompt(IReadOnlyList<ChatMessage> messages);
}
