namespace Ashlar.Inference.Decoding;

/// <summary>Continues one sequence, token by token.</summary>
public sealed class TokenGenerator
{
    private readonly ILanguageModel _model;
    private readonly LanguageModelState _state;
    private readonly Sampler _sampler;
    private readonly GenerationOptions _options;
    private readonly List<int> _history;
    private readonly List<int> _unread;
    private readonly float[] _logits;
    private readonly int _promptLength;

    /// <summary>Prepares to continue a prompt; nothing is computed yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="state">A state that has read a beginning of the prompt, perhaps nothing of it; it moves on with the text.</param>
    /// <param name="prompt">The whole prompt: at least one token more than the state has read.</param>
    /// <param name="options">How to go on.</param>
    /// <param name="random">The draws; null for those of the options' seed.</param>
    /// <exception cref="ArgumentException">Nothing is left to read.</exception>
    /// <exception cref="ContextOverflowException">The prompt is too long and the policy is <see cref="ContextPolicy.Stop"/>.</exception>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public TokenGenerator(
        ILanguageModel model, LanguageModelState state, ReadOnlySpan<int> prompt, GenerationOptions options, RandomSource? random = null)
    {
        if (options.MaxTokens < 0)
            throw new InvalidDataException($"The number of tokens to generate is {options.MaxTokens}; expected 0 or more.");
        if (prompt.Length <= state.Length)
            throw new ArgumentException($"The prompt has {prompt.Length} tokens and the state has read {state.Length}; one more is needed.", nameof(prompt));
        if (model.ContextLength is { } context && prompt.Length > context && options.ContextPolicy == ContextPolicy.Stop)
            throw new ContextOverflowException(prompt.Length, context);
        (_model, _state, _options) = (model, state, options);
        _sampler = new Sampler(options.Sampling, prompt.Length, random);
        _history = [.. prompt];
        _unread = [.. prompt[state.Length..]];
        _promptLength = prompt.Length;
        _logits = new float[model.VocabularySize];
    }

    /// <summary>Prompt and generated tokens.</summary>
    public IReadOnlyList<int> History => _history;

    /// <summary>Number of tokens generated, a stop id among them.</summary>
    public int GeneratedCount => _history.Count - _promptLength;

    /// <summary>Why generation ended; null while it goes on.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>
    /// Generates one token. A stop id is generated like any other and ends the text. The state has then read everything
    /// but the last token.
    /// </summary>
    /// <returns>False when generation has ended and no token was generated.</returns>
    public bool TryNext(out int token)
    {
        token = -1;
        if (FinishReason is null && GeneratedCount >= _options.MaxTokens)
            FinishReason = Decoding.FinishReason.MaxTokens;
        if (FinishReason is not null || !Read())
            return false;
        token = _sampler.Select(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_history), _logits);
        _history.Add(token);
        _unread.Add(token);
        if (_options.StopIds.Contains(token))
            FinishReason = Decoding.FinishReason.StopToken;
        return true;
    }

    // Brings the state up to the history, sliding if it must and may.
    private bool Read()
    {
        if (_model.ContextLength is { } context && _state.Length + _unread.Count > context)
        {
            if (_options.ContextPolicy == ContextPolicy.Stop)
            {
                FinishReason = Decoding.FinishReason.ContextFull;
                return false;
            }

            _state.Truncate(0);
            _unread.Clear();
            _unread.AddRange(_history.TakeLast(Math.Max(1, context / 2)));
        }

        _model.Advance(_state, _unread.ToArray(), _logits);
        _unread.Clear();
        return true;
    }
}
