namespace Ashlar.Inference.Translation;

/// <summary>
/// Translates text of any size at constant memory. Lines are read a window at a time; inside it those of like length go together
/// in batches, since padding is wasted work; results come in the order of the lines. A line that can't be translated is a
/// result that says why, and the others are not touched by it.
/// </summary>
/// <typeparam name="T">A translation.</typeparam>
/// <param name="encode">A line to source tokens; an <see cref="InvalidDataException"/> is a fault of that line.</param>
/// <param name="translate">Several lines to as many translations.</param>
/// <param name="options">Sizes.</param>
public sealed class WindowedTranslation<T>(
    Func<string, int[]> encode, Func<IReadOnlyList<EncodedLine>, IReadOnlyList<T>> translate, WindowOptions options)
    where T : class
{
    /// <summary>Translates lines as they come.</summary>
    /// <param name="lines">The lines; read only as far as results are asked for, a window ahead at most.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public IEnumerable<LineResult<T>> Run(IEnumerable<SourceLine> lines, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Lines, 1);
        List<LineResult<T>> window = [];
        long tokens = 0, characters = 0;
        foreach (SourceLine line in lines)
        {
            LineResult<T> read = Read(line);
            window.Add(read);
            tokens += read.Tokens.Length;
            characters += read.Line.Text?.Length ?? 0;
            if (window.Count < options.Lines && tokens < options.Tokens && characters < options.Characters)
                continue;
            foreach (LineResult<T> result in Translate(window, cancellation))
                yield return result;
            window.Clear();
            tokens = characters = 0;
        }

        foreach (LineResult<T> result in Translate(window, cancellation))
            yield return result;
    }

    private LineResult<T> Read(SourceLine line)
    {
        if (line.Text is null)
            return Faulty(line, line.Fault ?? "cannot be read");
        if (string.IsNullOrWhiteSpace(line.Text))
            return new LineResult<T>(line, [], null, null);
        int[] source;
        try
        {
            source = encode(line.Text);
        }
        catch (InvalidDataException error)
        {
            return Faulty(line, $"cannot be encoded: {error.Message.TrimEnd('.')}");
        }

        return source.Length > options.MaximumLineTokens
            ? Faulty(line, $"has {source.Length} tokens; expected at most {options.MaximumLineTokens}")
            : new LineResult<T>(line, source, null, null);
    }

    // Without its text, which may be of any length and which nobody will need.
    private static LineResult<T> Faulty(SourceLine line, string fault) => new(line with { Text = null }, [], null, fault);

    private LineResult<T>[] Translate(List<LineResult<T>> window, CancellationToken cancellation)
    {
        LineResult<T>[] results = [.. window];
        // Longest first: what is to run out of memory does so at once.
        int[] order = [.. Enumerable.Range(0, results.Length).Where(i => results[i].Tokens.Length > 0).OrderByDescending(i => results[i].Tokens.Length)];
        for (int start = 0; start < order.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            int longest = results[order[start]].Tokens.Length;
            int count = Math.Clamp(options.BatchTokens / longest, 1, Math.Min(options.BatchLines, order.Length - start));
            EncodedLine[] sources = [.. order.AsSpan(start, count).ToArray().Select(i => new EncodedLine(results[i].Line.Number, results[i].Tokens))];
            IReadOnlyList<T> values = translate(sources);
            if (values.Count != count)
                throw new InvalidOperationException($"{count} lines gave {values.Count} translations.");
            for (int i = 0; i < count; i++)
                results[order[start + i]] = results[order[start + i]] with { Value = values[i] };
            start += count;
        }

        return results;
    }
}
