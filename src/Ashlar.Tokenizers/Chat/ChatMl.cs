namespace Ashlar.Tokenizers.Chat;

/// <summary>
/// The ChatML format: <c>&lt;|im_start|&gt;role\ncontent&lt;|im_end|&gt;\n</c>. Control tokens are put in by id, so that a message that
/// spells one stays text.
/// </summary>
public sealed class ChatMl
{
    /// <summary>Begins a message.</summary>
    public const string Start = "<|im_start|>";

    /// <summary>Ends a message.</summary>
    public const string End = "<|im_end|>";

    /// <summary>The same format as a Jinja template, for <c>tokenizer_config.json</c>.</summary>
    public const string Template =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private readonly Tokenizer _tokenizer;
    private readonly int _start;

    /// <summary>ChatML over a tokenizer that has its two control tokens.</summary>
    /// <exception cref="InvalidDataException">It has not.</exception>
    public ChatMl(Tokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _start = tokenizer.TokenToId(Start) ?? throw new InvalidDataException($"the tokenizer has no {Start}; expected one made for chat.");
        EndId = tokenizer.TokenToId(End) ?? throw new InvalidDataException($"the tokenizer has no {End}; expected one made for chat.");
    }

    /// <summary>Id of <see cref="End"/>, at which a reply stops.</summary>
    public int EndId { get; }

    /// <summary>The ids of a conversation, and for each whether it is part of an assistant's reply or its end.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="addGenerationPrompt">Open a reply at the end, for the model to write.</param>
    public (int[] Ids, bool[] Supervised) Encode(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = false)
    {
        List<int> ids = [];
        List<bool> supervised = [];
        foreach (ChatMessage message in messages)
        {
            Open(message.Role);
            bool reply = message.Role == "assistant";
            Append(_tokenizer.Encode(message.Content), reply);
            Append([EndId], reply);
            Append(_tokenizer.Encode("\n"), false);
        }

        if (addGenerationPrompt)
            Open("assistant");
        return ([.. ids], [.. supervised]);

        void Open(string role)
        {
            Append([_start], false);
            Append(_tokenizer.Encode(role + "\n"), false);
        }

        void Append(int[] tokens, bool supervise)
        {
            ids.AddRange(tokens);
            supervised.AddRange(Enumerable.Repeat(supervise, tokens.Length));
        }
    }
}
