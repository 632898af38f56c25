namespace Ashlar.Inference.Decoding;

/// <summary>The processors that a search's options ask for.</summary>
internal static class Constraints
{
    /// <param name="options">What is asked.</param>
    /// <param name="promptLength">Tokens of the history that are not written by the search.</param>
    /// <param name="prefix">What the continuation must begin with.</param>
    public static List<ILogitsProcessor> Of(BeamSearchOptions options, int promptLength, ReadOnlyMemory<int> prefix)
    {
        List<ILogitsProcessor> processors = [];
        if (options.SuppressedIds.Count > 0)
            processors.Add(new SuppressedTokens(options.SuppressedIds));
        if (options.NoRepeatNGram > 0)
            processors.Add(new NoRepeatNGram(options.NoRepeatNGram, promptLength));
        if (options.MinTokens > 0)
            processors.Add(new MinimumLength(options.MinTokens, options.StopIds, promptLength));
        return prefix.IsEmpty ? processors : [new ForcedPrefix(prefix, promptLength, processors)];
    }
}
