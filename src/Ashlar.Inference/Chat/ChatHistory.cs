using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ashlar.Shared;
using Ashlar.Tokenizers.Chat;

namespace Ashlar.Inference.Chat;

/// <summary>A conversation as a file: <c>{"messages": [{"role": "user", "content": "..."}]}</c>, the form of chat data sets.</summary>
/// <param name="Messages">The conversation, the system message first if there is one.</param>
public sealed record ChatHistory(IReadOnlyList<ChatMessage> Messages)
{
    private static readonly string[] Roles = ["system", "user", "assistant"];

    // Chinese stays Chinese: the file is for people too.
    private static readonly ChatHistoryJson Readable = new(new JsonSerializerOptions(ChatHistoryJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>Writes the file; an old one is replaced whole.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Readable.ChatHistory) + "\n");

    /// <summary>Reads a file.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Not a conversation.</exception>
    public static ChatHistory Load(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected a saved conversation.", path);
        ChatHistory? history;
        try
        {
            history = JsonSerializer.Deserialize(File.ReadAllBytes(path), ChatHistoryJson.Default.ChatHistory);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not a conversation; expected {{\"messages\": [{{\"role\": ..., \"content\": ...}}]}} (line {error.LineNumber + 1}).", error);
        }

        if (history?.Messages is null)
            throw new InvalidDataException($"{path}: messages is missing; expected a list of messages.");
        for (int i = 0; i < history.Messages.Count; i++)
        {
            // The reader takes null where the type says there is none.
            ChatMessage? message = history.Messages[i];
            if (message?.Content is null || !Roles.Contains(message.Role))
                throw new InvalidDataException($"{path}: message {i + 1} needs content and the role system, user or assistant.");
            if (message.Role == "system" && i > 0)
                throw new InvalidDataException($"{path}: message {i + 1} is a system message; only the first may be one.");
        }

        return history;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ChatHistory))]
internal sealed partial class ChatHistoryJson : JsonSerializerContext;
