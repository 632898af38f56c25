namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// An n-gram language model over a memory-mapped file of counts (or of an ARPA file's probabilities). Its state is the last n-1
/// tokens; logits are logarithms of probabilities that sum to 1. Calls from several threads run side by side.
/// </summary>
public sealed class NGramModel : ILanguageModel
{
    /// <summary>Name of the model's file in a run directory.</summary>
    public const string FileName = "model.ngram";

    private readonly NGramFile _file;

    private NGramModel(NGramFile file)
    {
        _file = file;
        Evaluator = new NGramEvaluator(file);
    }

    /// <summary>Maps a model.</summary>
    /// <param name="path">A <c>model.ngram</c>.</param>
    /// <param name="verify">Also reads every byte and compares the checksum.</param>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Not an n-gram model, or a damaged one; the sentence says how.</exception>
    public static NGramModel Open(string path, bool verify = false)
    {
        NGramFile file = NGramFile.Open(path, verify);
        try
        {
            return new NGramModel(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What the model is.</summary>
    public NGramHeader Header => _file.Header;

    /// <summary>Length of the longest n-gram.</summary>
    public int Order => Header.Order;

    /// <inheritdoc/>
    public int VocabularySize => Header.VocabularySize;

    /// <summary>None: any text can be read, and only its last n-1 tokens matter.</summary>
    public int? ContextLength => null;

    /// <summary>Number of n-grams of each order, from 1.</summary>
    public IReadOnlyList<long> Counts => [.. _file.Levels.Select(level => (long)level.Nodes)];

    /// <summary>Size of the file in bytes.</summary>
    public long FileLength => _file.Length;

    internal NGramEvaluator Evaluator { get; }

    internal NGramFile File => _file;

    /// <inheritdoc/>
    public LanguageModelState NewState() => new NGramState(this);

    /// <inheritdoc/>
    public void Advance(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, Span<float> logits, LogitsSelection selection)
    {
        Check(states, tokens, logits.Length, selection);
        int row = 0;
        for (int i = 0; i < states.Length; i++)
        {
            NGramState state = (NGramState)states[i];
            ReadOnlySpan<int> appended = tokens[i].Span;
            for (int j = 0; j < appended.Length; j++)
            {
                state.Append(appended[j]);
                if (selection == LogitsSelection.All || j == appended.Length - 1)
                    Evaluator.Logits(state.Contexts, logits.Slice(row++ * VocabularySize, VocabularySize));
            }
        }
    }

    /// <summary>Probabilities of the next token after any history, in double precision.</summary>
    /// <param name="history">Tokens before it, perhaps none; the last n-1 matter.</param>
    /// <param name="probabilities">[vocabulary]</param>
    /// <exception cref="ArgumentException">A token is outside the vocabulary, or there is no room.</exception>
    public void Probabilities(ReadOnlySpan<int> history, Span<double> probabilities)
    {
        if (probabilities.Length < VocabularySize)
            throw new ArgumentException($"{VocabularySize} probabilities do not fit into {probabilities.Length}.", nameof(probabilities));
        Evaluator.Probabilities(Contexts(history), probabilities[..VocabularySize]);
    }

    /// <summary>The probability of one token after any history, without computing the others.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public double Probability(ReadOnlySpan<int> history, int token)
    {
        CheckToken(token);
        return Evaluator.Probability(Contexts(history), token);
    }

    /// <summary>Where the probability of one token after a history comes from, order by order.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public BackoffPath Explain(ReadOnlySpan<int> history, int token)
    {
        CheckToken(token);
        int[] last = [.. history[Math.Max(0, history.Length - Order + 1)..]];
        List<BackoffStep> steps = [];
        double probability = Evaluator.Probability(
            Contexts(last), token, step => steps.Insert(0, step with { Context = last[(last.Length - step.Order + 1)..] }));
        bool floor = Header.Smoothing is not (NGramSmoothing.MaximumLikelihood or NGramSmoothing.BackOff or NGramSmoothing.AddK);
        return new BackoffPath(token, probability, steps, floor ? Evaluator.Uniform : 0);
    }

    /// <summary>Reads every byte of the file and compares the checksum.</summary>
    /// <exception cref="InvalidDataException">The file has changed since it was written.</exception>
    public void Verify() => _file.Verify();

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Moves contexts on by one token: the context of k+1 tokens is the child of that of k.</summary>
    /// <param name="contexts">[n-1] nodes of the last token, the last two, ...</param>
    /// <param name="length">Tokens read before.</param>
    /// <param name="token">The token.</param>
    internal void Shift(Span<uint> contexts, int length, int token)
    {
        for (int k = Math.Min(length, contexts.Length - 1); k >= 1; k--)
        {
            uint parent = contexts[k - 1];
            contexts[k] = NGramEvaluator.None;
            if (parent == NGramEvaluator.None)
                continue;
            (uint start, uint end) = _file.Levels[k - 1].Children(parent);
            if (_file.Levels[k].TryFind(start, end, token, out uint node))
                contexts[k] = node;
        }

        if (contexts.Length > 0)
            contexts[0] = (uint)token;
    }

    private uint[] Contexts(ReadOnlySpan<int> history)
    {
        ReadOnlySpan<int> last = history[Math.Max(0, history.Length - Order + 1)..];
        uint[] contexts = new uint[last.Length];
        for (int i = 0; i < last.Length; i++)
        {
            CheckToken(last[i]);
            Shift(contexts, i, last[i]);
        }

        return contexts;
    }

    private void CheckToken(int token)
    {
        if ((uint)token >= (uint)VocabularySize)
            throw new ArgumentException($"Token id {token} is outside the vocabulary of {VocabularySize}.");
    }

    private void Check(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, int space, LogitsSelection selection)
    {
        if (states.Length != tokens.Length)
            throw new ArgumentException($"{states.Length} states were given {tokens.Length} token sequences.");
        long total = 0;
        HashSet<LanguageModelState>? different = states.Length > 1 ? new(ReferenceEqualityComparer.Instance) : null;
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i] is not NGramState state || state.Owner != this)
                throw new ArgumentException($"State {i} belongs to another model.");
            if (different?.Add(state) == false)
                throw new ArgumentException($"State {i} is given twice; fork one of them.");
            if (tokens[i].IsEmpty)
                throw new ArgumentException($"No tokens were given to state {i}.");
            foreach (int token in tokens[i].Span)
                CheckToken(token);
            total += tokens[i].Length;
        }

        long wanted = (selection == LogitsSelection.All ? total : states.Length) * VocabularySize;
        if (space < wanted)
            throw new ArgumentException($"The logits need {wanted} values, but there is room for {space}.");
    }
}
