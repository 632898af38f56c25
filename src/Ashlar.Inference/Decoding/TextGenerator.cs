using System.Runtime.CompilerServices;
using System.Text;
using Ashlar.Tokenizers;

namespace Ashlar.Inference.Decoding;

/// <summary>Continues text with a language model, piece by piece.</summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
public sealed class TextGenerator(ILanguageModel model, Tokenizer tokenizer)
{
    /// <summary>Encodes a prompt: with the begin-of-text token if the vocabulary has one, special tokens not parsed.</summary>
    /// <exception cref="InvalidDataException">The prompt is empty and there is no token to begin with.</exception>
    public int[] EncodePrompt(string prompt)
    {
        int[] tokens = tokenizer.Encode(prompt, addSpecialTokens: true);
        if (tokens.Length > 0)
            return tokens;
        // Models trained on texts divided by an end-of-text token begin a new text after one.
        return tokenizer.SpecialTokens.EndOfText is { } end
            ? [end]
            : throw new InvalidDataException("The prompt is empty and the vocabulary has no token that begins a text; expected at least one character.");
    }

    /// <summary>Continues a prompt. Nothing is computed before the first piece is asked for.</summary>
    /// <param name="prompt">The text.</param>
    /// <param name="options">How to go on.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public IEnumerable<GeneratedPiece> Generate(string prompt, GenerationOptions options, CancellationToken cancellation = default) =>
        Generate(EncodePrompt(prompt), options, cancellation: cancellation);

    /// <summary>Continues tokens. Nothing is computed before the first piece is asked for.</summary>
    /// <param name="prompt">The whole prompt.</param>
    /// <param name="options">How to go on.</param>
    /// <param name="state">A state that has read a beginning of the prompt, to go on from and to keep; null for a new one.</param>
    /// <param name="random">The draws; null for those of the options' seed.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public IEnumerable<GeneratedPiece> Generate(
        int[] prompt,
        GenerationOptions options,
        LanguageModelState? state = null,
        RandomSource? random = null,
        CancellationToken cancellation = default)
    {
        LanguageModelState used = state ?? model.NewState();
        try
        {
            int cached = used.Length;
            TokenGenerator generator = new(model, used, prompt, options, random);
            StreamingDecoder decoder = tokenizer.NewStreamingDecoder();
            foreach (int token in options.ContinuesPrompt ? prompt : [])
            {
                if (token < tokenizer.VocabularySize)
                    decoder.Append(token);
            }

            StopStringFilter filter = new(options.StopStrings);
            StringBuilder text = new();
            while (!cancellation.IsCancellationRequested && generator.TryNext(out int token))
            {
                string piece = "";
                // A model's vocabulary may be padded beyond the tokenizer's; such an id stands for nothing.
                if (generator.FinishReason is null && token < tokenizer.VocabularySize)
                    piece = filter.Append(decoder.Append(token));
                text.Append(piece);
                yield return new(piece, token, null);
                if (filter.Found is not null)
                    break;
            }

            cancellation.ThrowIfCancellationRequested();
            string rest = filter.Found is null ? filter.Append(decoder.Flush()) + filter.Flush() : "";
            text.Append(rest);
            FinishReason reason = filter.Found is null ? generator.FinishReason!.Value : FinishReason.StopString;
            yield return new(rest, null, new(text.ToString(), [.. generator.History.Skip(prompt.Length)], reason, prompt.Length, cached));
        }
        finally
        {
            if (state is null)
                used.Dispose();
        }
    }

    /// <summary>As <see cref="Generate(int[], GenerationOptions, LanguageModelState?, RandomSource?, CancellationToken)"/>, each token computed away from the caller's thread.</summary>
    /// <param name="prompt">The whole prompt.</param>
    /// <param name="options">How to go on.</param>
    /// <param name="state">A state that has read a beginning of the prompt, to go on from and to keep; null for a new one.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public async IAsyncEnumerable<GeneratedPiece> GenerateAsync(
        int[] prompt,
        GenerationOptions options,
        LanguageModelState? state = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using IEnumerator<GeneratedPiece> pieces = Generate(prompt, options, state, cancellation: cancellation).GetEnumerator();
        while (await Task.Run(pieces.MoveNext, cancellation).ConfigureAwait(false))
            yield return pieces.Current;
    }

    /// <summary>Continues a prompt and returns everything at the end.</summary>
    /// <param name="prompt">The text.</param>
    /// <param name="options">How to go on.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    public GenerationSummary Complete(string prompt, GenerationOptions options, CancellationToken cancellation = default) =>
        Generate(prompt, options, cancellation).Last().Summary!;
}
