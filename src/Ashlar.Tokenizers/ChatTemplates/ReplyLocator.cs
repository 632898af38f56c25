using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.ChatTemplates;

/// <summary>
/// Finds the assistant's replies in a rendered conversation. Where the template writes turn after turn, as ChatML does, a
/// reply lies exactly between the text of the turns before it with a generation prompt and the text of the turns up to it.
/// Where the template writes earlier turns differently once later ones follow (Qwen3 drops their reasoning), the
/// reply's own content is marked and the marks are looked for.
/// </summary>
internal sealed class ReplyLocator(ChatTemplate template, IReadOnlyList<ChatMessage> messages, JsonObject? variables)
{
    // Two private-use characters that no conversation holds; a conversation that does is refused.
    private const char Opening = '\uF8F0';
    private const char Closing = '\uF8F1';

    public List<CharacterSpan> Locate(string text)
    {
        List<CharacterSpan> spans = [];
        for (int i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role == ChatMessage.AssistantRole)
                spans.Add(ByPrefix(text, i) ?? ByMarks(text, i));
        }

        return spans;
    }

    private CharacterSpan? ByPrefix(string text, int index)
    {
        string before;
        try
        {
            before = template.Render([.. messages.Take(index)], addGenerationPrompt: true, variables);
        }
        catch (InvalidDataException)
        {
            return null;    // some templates refuse a conversation that begins with the assistant, or without a user
        }

        string through = template.Render([.. messages.Take(index + 1)], addGenerationPrompt: false, variables);
        if (!text.StartsWith(through, StringComparison.Ordinal) || !through.StartsWith(before, StringComparison.Ordinal))
            return null;
        int end = EndOfTurn(through, before.Length, messages[index].Content);
        // Nothing of a reply that says something: the template left it out.
        return end == before.Length && messages[index].Content.Length > 0 ? null : new CharacterSpan(before.Length, end - before.Length);
    }

    /// <summary>The end of the turn without the white space that only parts it from the next one.</summary>
    private static int EndOfTurn(string through, int start, string content)
    {
        string reply = content.Trim();
        int said = reply.Length == 0 ? -1 : through.LastIndexOf(reply, StringComparison.Ordinal);
        int least = said >= start ? said + reply.Length : start;
        string tail = through[least..].TrimEnd();
        // A template without an end-of-turn token adds only white space: then the reply ends with what was said.
        return tail.Length == 0 ? least : least + tail.Length;
    }

    private CharacterSpan ByMarks(string text, int index)
    {
        if (messages.Any(message => message.Content.AsSpan().IndexOfAny(Opening, Closing) >= 0))
            throw new InvalidDataException($"Message {index} holds the private-use character U+F8F0 or U+F8F1, which marks replies.");
        ChatMessage marked = messages[index] with { Content = Opening + messages[index].Content.Trim() + Closing };
        string whole = template.Render([.. messages.Select((message, i) => i == index ? marked : message)], false, variables);
        string last = template.Render([.. messages.Take(index).Append(marked)], false, variables);
        int open = whole.IndexOf(Opening);
        int close = whole.IndexOf(Closing);
        int closeOfLast = last.IndexOf(Closing);
        if (open < 0 || close < open || closeOfLast < 0
            || whole.Remove(close, 1).Remove(open, 1) is var unmarked && unmarked != text)
            throw new InvalidDataException(
                $"The chat template rewrites the assistant's message {index}, so that its place in the text is not known; a template with 'generation' blocks can be trained on.");

        string endOfTurn = last[(closeOfLast + 1)..].TrimEnd();
        int start = open;
        int end = close - 1;
        if (!text.AsSpan(end).StartsWith(endOfTurn, StringComparison.Ordinal))
            throw new InvalidDataException($"The chat template ends the assistant's message {index} differently when other turns follow.");
        return new CharacterSpan(start, end - start + endOfTurn.Length);
    }
}
