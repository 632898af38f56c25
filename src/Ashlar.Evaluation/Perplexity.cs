using Ashlar.Inference;
using Ashlar.Kernels;

namespace Ashlar.Evaluation;

/// <summary>Cost of texts under a language model: nats per token, perplexity, bits per byte.</summary>
public static class Perplexity
{
    // Logits held at once, in floats: a large vocabulary is scored in short pieces.
    private const int LogitsBudget = 1 << 24;

    // Tokens read at once at most; a model without a context limit reads a whole document in such pieces.
    private const int LongestPiece = 1024;

    /// <summary>Scores every token that has a predecessor (or a beginning-of-text token before it), each once.</summary>
    /// <param name="model">The model.</param>
    /// <param name="documents">Token ids of each document; a stream is one document. Documents do not see each other.</param>
    /// <param name="vocabulary">Bytes of the tokens.</param>
    /// <param name="options">Windows.</param>
    /// <param name="name">Name of the model, for the result.</param>
    /// <param name="progress">Told the number of tokens scored so far.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <exception cref="InvalidDataException">Nothing to score, an impossible window, or a token outside the vocabulary.</exception>
    public static PerplexityResult Measure(
        ILanguageModel model,
        IEnumerable<ReadOnlyMemory<int>> documents,
        TokenBytes vocabulary,
        PerplexityOptions? options = null,
        string name = "model",
        IProgress<long>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= new();
        int length = options.WindowLength ?? model.ContextLength ?? int.MaxValue;
        int stride = options.Stride ?? length;
        Check(length >= 1, $"the window is {length} tokens; expected 1 or more");
        Check(length <= (model.ContextLength ?? length), $"the window is {length} tokens; the model's context holds {model.ContextLength}");
        Check(stride >= 1 && stride <= length, $"the stride is {stride}; expected from 1 to the window's {length}");
        Check(options.BatchSize >= 1, $"the batch size is {options.BatchSize}; expected 1 or more");
        int piece = Math.Clamp(LogitsBudget / model.VocabularySize / options.BatchSize, 1, Math.Min(length, LongestPiece));
        float[] logits = new float[(long)options.BatchSize * piece * model.VocabularySize];
        CostTotal total = new(vocabulary);
        foreach (Window[] batch in Window.Cut(documents, length, stride, options.BeginOfTextId).Chunk(options.BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            Score(model, batch, piece, logits, total, cancellation);
            progress?.Report(total.TokenCount);
        }

        return total.Result(name, length, stride);

        static void Check(bool right, string fault)
        {
            if (!right)
                throw new InvalidDataException($"Perplexity: {fault}.");
        }
    }

    private static void Score(
        ILanguageModel model, Window[] batch, int piece, float[] logits, CostTotal total, CancellationToken cancellation)
    {
        foreach (Window window in batch)
            CheckTokens(model.VocabularySize, window);
        LanguageModelState[] states = [.. batch.Select(_ => model.NewState())];
        double[][] costs = [.. batch.Select(window => new double[window.Inputs.Length])];
        for (int start = 0; ; start += piece)
        {
            cancellation.ThrowIfCancellationRequested();
            int[] open = [.. Enumerable.Range(0, batch.Length).Where(i => batch[i].Inputs.Length > start)];
            if (open.Length == 0)
                break;
            model.Advance(
                [.. open.Select(i => states[i])],
                [.. open.Select(i => batch[i].Inputs[start..Math.Min(start + piece, batch[i].Inputs.Length)])],
                logits,
                LogitsSelection.All);
            int row = 0;
            foreach (int i in open)
            {
                int end = Math.Min(start + piece, batch[i].Inputs.Length);
                for (int at = start; at < end; at++, row++)
                {
                    if (at < batch[i].FirstScored)
                        continue;
                    ReadOnlySpan<float> values = logits.AsSpan(row * model.VocabularySize, model.VocabularySize);
                    costs[i][at] = LogSoftmax.LogSumExp(values) - values[batch[i].Targets.Span[at]];
                }
            }
        }

        foreach (LanguageModelState state in states)
            state.Dispose();
        for (int i = 0; i < batch.Length; i++)
            for (int at = batch[i].FirstScored; at < costs[i].Length; at++)
                total.Add(batch[i].Targets.Span[at], batch[i].Inputs.Span[at], costs[i][at]);
    }

    private static void CheckTokens(int vocabularySize, Window window)
    {
        Check(window.Inputs.Span);
        Check(window.Targets.Span);

        void Check(ReadOnlySpan<int> tokens)
        {
            foreach (int token in tokens)
                if ((uint)token >= (uint)vocabularySize)
                    throw new InvalidDataException($"Perplexity: token id {token} is outside the model's vocabulary of {vocabularySize}; do tokenizer and model belong together?");
        }
    }
}
