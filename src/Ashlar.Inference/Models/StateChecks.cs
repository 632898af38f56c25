namespace Ashlar.Inference.Models;

/// <summary>What every model asks of the arguments of <see cref="ILanguageModel.Advance"/> and <see cref="ISequenceToSequenceModel.NewStates"/>.</summary>
internal static class StateChecks
{
    /// <exception cref="ArgumentException">Counts, ids or sizes do not fit.</exception>
    /// <exception cref="ContextOverflowException">A state would become too long.</exception>
    public static void Advance(
        ILanguageModel model,
        ReadOnlySpan<LanguageModelState> states,
        ReadOnlySpan<ReadOnlyMemory<int>> tokens,
        int space,
        LogitsSelection selection)
    {
        if (states.Length != tokens.Length)
            throw new ArgumentException($"{states.Length} states were given {tokens.Length} token sequences.");
        HashSet<LanguageModelState>? seen = states.Length > 1 ? new(states.Length, ReferenceEqualityComparer.Instance) : null;
        long total = 0;
        for (int i = 0; i < states.Length; i++)
        {
            if (seen?.Add(states[i]) == false)
                throw new ArgumentException($"State {i} is given twice; fork it.");
            if (tokens[i].IsEmpty)
                throw new ArgumentException($"No tokens were given to state {i}.");
            Ids(tokens[i].Span, model.VocabularySize, "");
            if (states[i].Length + tokens[i].Length > model.ContextLength)
                throw new ContextOverflowException(states[i].Length + tokens[i].Length, model.ContextLength.Value);
            total += tokens[i].Length;
        }

        long wanted = (selection == LogitsSelection.All ? total : states.Length) * model.VocabularySize;
        if (space < wanted)
            throw new ArgumentException($"The logits need {wanted} values, but there is room for {space}.");
    }

    /// <exception cref="ArgumentException">A source is empty, or an id is outside the source vocabulary.</exception>
    /// <exception cref="ContextOverflowException">A source is too long.</exception>
    public static void Sources(ISequenceToSequenceModel model, ReadOnlySpan<ReadOnlyMemory<int>> sources)
    {
        for (int i = 0; i < sources.Length; i++)
        {
            if (sources[i].IsEmpty)
                throw new ArgumentException($"Source {i} has no tokens.");
            Ids(sources[i].Span, model.SourceVocabularySize, "source ");
            if (sources[i].Length > model.SourceLength)
                throw new ContextOverflowException(sources[i].Length, model.SourceLength.Value);
        }
    }

    private static void Ids(ReadOnlySpan<int> ids, int size, string side)
    {
        foreach (int id in ids)
            if ((uint)id >= (uint)size)
                throw new ArgumentException($"Token id {id} is outside the {side}vocabulary of {size}.");
    }
}
