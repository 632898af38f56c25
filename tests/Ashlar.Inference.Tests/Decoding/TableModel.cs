namespace Ashlar.Inference.Tests.Decoding;

/// <summary>A language model whose distribution is written down: history -> probabilities of the next token.</summary>
internal sealed class TableModel(int vocabularySize, Func<IReadOnlyList<int>, double[]> next, int? contextLength = null) : ILanguageModel
{
    public int VocabularySize => vocabularySize;

    public int? ContextLength => contextLength;

    /// <summary>States made and not yet disposed of.</summary>
    public int LiveStates { get; private set; }

    public LanguageModelState NewState() => new State(this, []);

    public void Advance(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, Span<float> logits, LogitsSelection selection)
    {
        int row = 0;
        for (int i = 0; i < states.Length; i++)
        {
            State state = (State)states[i];
            if (contextLength < state.Length + tokens[i].Length)
                throw new ContextOverflowException(state.Length + tokens[i].Length, contextLength.Value);
            Assert.False(state.Disposed);
            for (int j = 0; j < tokens[i].Length; j++)
            {
                state.Tokens.Add(tokens[i].Span[j]);
                if (selection == LogitsSelection.Last && j < tokens[i].Length - 1)
                    continue;
                double[] probabilities = next(state.Tokens);
                for (int k = 0; k < vocabularySize; k++)
                    logits[row * vocabularySize + k] = (float)Math.Log(probabilities[k]);
                row++;
            }
        }
    }

    public void Dispose()
    {
    }

    private sealed class State : LanguageModelState
    {
        private readonly TableModel _owner;

        public State(TableModel owner, IEnumerable<int> tokens)
        {
            (_owner, Tokens) = (owner, [.. tokens]);
            owner.LiveStates++;
        }

        public List<int> Tokens { get; }

        public bool Disposed { get; private set; }

        public override int Length => Tokens.Count;

        public override LanguageModelState Fork() => new State(_owner, Tokens);

        public override void Truncate(int length) => Tokens.RemoveRange(length, Tokens.Count - length);

        protected override void Dispose(bool disposing)
        {
            if (!Disposed)
                _owner.LiveStates--;
            Disposed = true;
        }
    }
}
