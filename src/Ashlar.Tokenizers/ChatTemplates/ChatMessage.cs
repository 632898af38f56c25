using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.ChatTemplates;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, or what the template knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The role of the model's own turns.</summary>
    public const string AssistantRole = "assistant";

    /// <summary>
    /// Other fields that templates read, for example <c>tool_calls</c>, <c>reasoning_content</c> or <c>name</c>, as they stand in
    /// an OpenAI-style message. <c>role</c> and <c>content</c> in here are ignored.
    /// </summary>
    public JsonObject? Fields { get; init; }
}
