using System.Text;
using Ashlar.Inference.Decoding;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;

namespace Ashlar.Inference.Chat;

/// <summary>
/// A conversation with a model. What the model has read stays in its cache from turn to turn, and only what is new is read.
/// When the conversation no longer fits the context, the oldest turns are left out (never the system message), and each
/// reply says how many messages that took. Not safe for use from several threads at once.
/// </summary>
public sealed class ChatSession : IDisposable
{
    private readonly ILanguageModel _model;
    private readonly TextGenerator _generator;
    private readonly IChatFormat _format;
    private readonly LanguageModelState _state;
    private readonly List<ChatMessage> _messages = [];
    private int[] _read = [];
    private bool _replying;

    /// <summary>Begins a conversation.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="format">How a conversation is written for it.</param>
    /// <param name="systemPrompt">What the assistant is told before everything else; null for nothing.</param>
    public ChatSession(ILanguageModel model, Tokenizer tokenizer, IChatFormat format, string? systemPrompt = null)
    {
        (_model, _format, SystemPrompt) = (model, format, systemPrompt);
        _generator = new TextGenerator(model, tokenizer);
        _state = model.NewState();
    }

    /// <summary>What the assistant is told before everything else; null for nothing. A change counts from the next message on.</summary>
    public string? SystemPrompt { get; set; }

    /// <summary>Everything said, without the system message; forgotten messages are here too.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Number of messages, from the first, that the model no longer sees.</summary>
    public int ForgottenCount { get; private set; }

    /// <summary>
    /// Says something. The reply is computed while its pieces are read; whoever stops reading stops it, and what was
    /// written until then is the reply.
    /// </summary>
    /// <param name="text">What the user says.</param>
    /// <param name="options">How to reply. The format's stop ids are added; a full context always ends the reply.</param>
    /// <param name="cancellation">Stops the reply between two tokens.</param>
    /// <exception cref="InvalidDataException">The message alone, with the system message, does not fit the context.</exception>
    /// <exception cref="InvalidOperationException">The reply before has not been read.</exception>
    public ChatReply Send(string text, GenerationOptions options, CancellationToken cancellation = default)
    {
        if (_replying)
            throw new InvalidOperationException("The reply to the message before has not been read.");
        options.Sampling.Validate();
        GenerationOptions used = options with
        {
            StopIds = [.. options.StopIds.Union(_format.StopIds)],
            ContextPolicy = ContextPolicy.Stop,
        };
        _messages.Add(new("user", text));
        int forgotten = ForgottenCount;
        int[] prompt;
        try
        {
            prompt = Fit(options.MaxTokens);
        }
        catch
        {
            _messages.RemoveAt(_messages.Count - 1);
            ForgottenCount = forgotten;
            throw;
        }

        int common = _state.ReachableLength(Math.Min(prompt.AsSpan().CommonPrefixLength(_read), prompt.Length - 1));
        _state.Truncate(common);
        _read = _read[..common];
        _replying = true;
        return new(Reply(prompt, used, cancellation), ForgottenCount - forgotten, prompt.Length, common);
    }

    /// <summary>Forgets the conversation; the system message stays.</summary>
    public void Reset()
    {
        _messages.Clear();
        _replying = false;
        ForgottenCount = 0;
    }

    /// <summary>The conversation, for saving.</summary>
    public ChatHistory ToHistory() => new([.. System(), .. _messages]);

    /// <summary>Goes on from a saved conversation; its system message, or none, takes the place of this one's.</summary>
    public void Restore(ChatHistory history)
    {
        Reset();
        bool system = history.Messages.Count > 0 && history.Messages[0].Role == "system";
        SystemPrompt = system ? history.Messages[0].Content : null;
        _messages.AddRange(history.Messages.Skip(system ? 1 : 0));
    }

    /// <summary>Gives the cache back.</summary>
    public void Dispose() => _state.Dispose();

    private IEnumerable<ChatMessage> System() => SystemPrompt is null ? [] : [new("system", SystemPrompt)];

    // Leaves out the oldest turns until the rest fits and there is room for a reply.
    private int[] Fit(int maxTokens)
    {
        while (true)
        {
            int[] prompt = _format.EncodePrompt([.. System(), .. _messages.Skip(ForgottenCount)]);
            // A reply needs room: as much as it may take, but no more than a quarter of the context is kept free for it.
            if (_model.ContextLength is not { } context || prompt.Length + Math.Min(maxTokens, context / 4) <= context)
                return prompt;
            int next = _messages.FindIndex(ForgottenCount + 1, message => message.Role == "user");
            if (next >= 0)
                ForgottenCount = next;
            else if (prompt.Length < context)
                return prompt;
            else
                throw new InvalidDataException($"The message is {prompt.Length} tokens long with what belongs to it, but the model's context holds {context}.");
        }
    }

    private IEnumerable<GeneratedPiece> Reply(int[] prompt, GenerationOptions options, CancellationToken cancellation)
    {
        StringBuilder text = new();
        List<int> tokens = [];
        int turn = _messages.Count;
        try
        {
            foreach (GeneratedPiece piece in _generator.Generate(prompt, options with { ContinuesPrompt = false }, _state, cancellation: cancellation))
            {
                text.Append(piece.Text);
                if (piece.Token is { } token)
                    tokens.Add(token);
                yield return piece;
            }
        }
        finally
        {
            _read = [.. prompt.Concat(tokens).Take(_state.Length)];
            // A conversation that was reset meanwhile does not want the reply.
            if (_replying && _messages.Count == turn)
                _messages.Add(new("assistant", text.ToString()));
            _replying = false;
        }
    }
}
