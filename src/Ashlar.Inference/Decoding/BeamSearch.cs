using System.Runtime.InteropServices;

namespace Ashlar.Inference.Decoding;

/// <summary>
/// Keeps the most probable partial sequences instead of the single best token (Graves 2012; Wu et al. 2016, section 7, for
/// the length normalisation). Works with any language model, with a source or without: a hypothesis is a state, and a branch is
/// a fork. Many searches go on side by side, so that the model sees all their beams at once.
/// </summary>
public static class BeamSearch
{
    /// <summary>The best continuations, best first, at most as many as there are beams.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">At least one token.</param>
    /// <param name="options">Width, length, penalties and constraints.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    /// <exception cref="ContextOverflowException">The prompt alone is too long.</exception>
    public static IReadOnlyList<BeamHypothesis> Search(
        ILanguageModel model, ReadOnlyMemory<int> prompt, BeamSearchOptions options, CancellationToken cancellation = default) =>
        Search(model, [new BeamStart(model.NewState(), prompt)], options, cancellation)[0];

    /// <summary>The best continuations of each start, in the order of the starts. None depends on the others.</summary>
    /// <param name="model">The model.</param>
    /// <param name="starts">States and prompts; the states are disposed of.</param>
    /// <param name="options">Width, length, penalties and constraints, for all.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="InvalidDataException">An option is out of range, or asks a model without attention for it.</exception>
    /// <exception cref="ContextOverflowException">A prompt alone is too long.</exception>
    public static IReadOnlyList<BeamHypothesis>[] Search(
        ILanguageModel model, IReadOnlyList<BeamStart> starts, BeamSearchOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        SentenceSearch[] searches = [.. starts.Select(start => new SentenceSearch(model, start, options))];
        try
        {
            ITopTokensModel? finder = options.NeedsAllLogits || starts.Any(start => !start.ForcedPrefix.IsEmpty) ? null : model as ITopTokensModel;
            // A trace tells what greedy decoding passed over, and how probable it was.
            bool likeliest = options.NeedsOnlyLikeliest && starts.All(start => start.Trace is null);
            TopTokens? top = finder is null || searches.Length == 0
                ? null
                : new(model.VocabularySize, likeliest ? 1 : searches[0].CandidatesPerBeam, options.SuppressedIds, keepTotals: !likeliest);
            float[] logits = [];
            List<LanguageModelState> states = [];
            List<ReadOnlyMemory<int>> tokens = [];
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                states.Clear();
                tokens.Clear();
                foreach (SentenceSearch search in searches)
                {
                    foreach (BeamNode beam in search.Rows)
                    {
                        states.Add(beam.State!);
                        tokens.Add(search.Unread(beam));
                    }
                }

                if (states.Count == 0)
                    return [.. searches.Select(search => search.Result())];
                ReadOnlySpan<LanguageModelState> reading = CollectionsMarshal.AsSpan(states);
                ReadOnlySpan<ReadOnlyMemory<int>> read = CollectionsMarshal.AsSpan(tokens);
                int size = states.Count * model.VocabularySize;
                if (top is not null)
                {
                    finder!.Advance(reading, read, top);
                }
                else
                {
                    if (logits.Length < size)
                        logits = new float[size];
                    model.Advance(reading, read, logits, LogitsSelection.Last);
                }

                int row = 0;
                foreach (SentenceSearch search in searches)
                {
                    int rows = search.Rows.Count;
                    if (rows > 0 && top is not null)
                        search.Step(top, row);
                    else if (rows > 0)
                        search.Step(logits.AsSpan(row * model.VocabularySize, rows * model.VocabularySize));
                    row += rows;
                }
            }
        }
        finally
        {
            foreach (SentenceSearch search in searches)
                search.Dispose();
        }
    }
}
