using System.Text.Json;
using Ashlar.Tokenizers.Chat;

namespace Ashlar.Datasets.Text;

/// <summary>Streams conversations: <c>{"messages": [{"role": "user", "content": "..."}, ...]}</c> a line.</summary>
public static class ChatDocuments
{
    private static readonly string[] Roles = ["system", "user", "assistant", "tool"];

    /// <summary>Reads conversations.</summary>
    /// <exception cref="InvalidDataException">A line is not a conversation; the sentence gives its number.</exception>
    public static IEnumerable<IReadOnlyList<ChatMessage>> FromFiles(IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            foreach ((int number, string text) in TextDocuments.Lines(path))
            {
                if (text.Length > 0)
                    yield return Read(path, number, text);
            }
        }
    }

    private static List<ChatMessage> Read(string path, int line, string text)
    {
        using JsonDocument json = TextDocuments.Parse(path, line, text);
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("messages", out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw new InvalidDataException($"{path}: line {line} has no \"messages\"; expected {{\"messages\": [{{\"role\", \"content\"}}, ...]}}.");
        List<ChatMessage> messages = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("role", out JsonElement role) || role.ValueKind != JsonValueKind.String
                || !item.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.String)
                throw new InvalidDataException($"{path}: line {line}: message {messages.Count + 1} needs a \"role\" and a \"content\", both text.");
            if (!Roles.Contains(role.GetString()))
                throw new InvalidDataException($"{path}: line {line}: role '{role.GetString()}' is unknown; expected {string.Join(", ", Roles)}.");
            messages.Add(new ChatMessage(role.GetString()!, content.GetString()!));
        }

        return messages;
    }
}
