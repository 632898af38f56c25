using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.ChatTemplates;

namespace Ashlar.Inference.Chat;

/// <summary>
/// Conversations as a model's own Jinja template writes them. The text is encoded whole, as other tools do; only when a
/// message spells a control token is it rendered with marks in the messages' places, so that the message stays text.
/// </summary>
internal sealed partial class TemplateChatFormat : IChatFormat
{
    private const char MarkBegin = '\uE000';
    private const char MarkEnd = '\uE001';

    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly JsonObject _variables;

    public TemplateChatFormat(Tokenizer tokenizer, ChatTemplate template)
    {
        (_tokenizer, _template) = (tokenizer, template);
        // What the vocabulary lacks stays undefined, which templates write as nothing.
        _variables = [];
        Define("bos_token", tokenizer.SpecialTokens.BeginOfText);
        Define("eos_token", tokenizer.SpecialTokens.EndOfText);
        StopIds = FindStopIds();

        void Define(string name, int? id)
        {
            if (id is { } token)
                _variables[name] = tokenizer.IdToToken(token);
        }
    }

    public IReadOnlyList<int> StopIds { get; }

    public int[] EncodePrompt(IReadOnlyList<Tokenizers.Chat.ChatMessage> messages)
    {
        if (!messages.Any(message => SpellsControlToken(message.Content)))
            return _tokenizer.Encode(Render([.. messages.Select(m => new ChatMessage(m.Role, m.Content))]), parseSpecialTokens: true);

        string text = Render([.. messages.Select((m, i) => new ChatMessage(m.Role, $"{MarkBegin}{i}{MarkEnd}"))]);
        List<int> ids = [];
        int at = 0;
        foreach (Match mark in Mark().Matches(text))
        {
            AppendTemplate(text[at..mark.Index]);
            ids.AddRange(_tokenizer.Encode(messages[int.Parse(mark.ValueSpan[1..^1], System.Globalization.CultureInfo.InvariantCulture)].Content));
            at = mark.Index + mark.Length;
        }

        AppendTemplate(text[at..]);
        return [.. ids];

        void AppendTemplate(string part)
        {
            if (part.AsSpan().ContainsAny(MarkBegin, MarkEnd))
                throw new InvalidDataException("A message spells a control token, and the chat template changes messages so that it cannot be told from one.");
            ids.AddRange(_tokenizer.Encode(part, parseSpecialTokens: true));
        }
    }

    [GeneratedRegex("\uE000[0-9]+\uE001")]
    private static partial Regex Mark();

    private string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true) =>
        _template.Render(messages, addGenerationPrompt, (JsonObject)_variables.DeepClone());

    private bool SpellsControlToken(string content) =>
        _tokenizer.Encode(content, parseSpecialTokens: true).Any(_tokenizer.IsSpecial);

    // The control token that the template writes after a reply is the one that the model ends a reply with.
    private int[] FindStopIds()
    {
        string text = Render([new("user", "?"), new(ChatMessage.AssistantRole, $"{MarkBegin}0{MarkEnd}")], addGenerationPrompt: false);
        int at = text.IndexOf(MarkEnd, StringComparison.Ordinal);
        HashSet<int> ids = _tokenizer.SpecialTokens.EndOfText is { } end ? [end] : [];
        if (at >= 0 && _tokenizer.Encode(text[(at + 1)..], parseSpecialTokens: true) is [int next, ..] && _tokenizer.IsSpecial(next))
            ids.Add(next);
        return [.. ids.Order()];
    }
}
