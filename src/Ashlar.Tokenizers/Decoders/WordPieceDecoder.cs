using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>Joins pieces that begin with <c>##</c> to what is before them and puts spaces between the rest.</summary>
/// <param name="prefix">The mark of a continuing piece.</param>
/// <param name="cleanup">Whether the space before a punctuation mark and in English contractions goes.</param>
public sealed class WordPieceDecoder(string prefix = "##", bool cleanup = true) : TokenDecoder
{
    private static readonly (string From, string To)[] Clean =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        if (!state.Started)
        {
            Write(token, output);
            return;
        }

        if (token.StartsWith(_prefix))
        {
            Write(token[_prefix.Length..], output);
            return;
        }

        byte[] spaced = new byte[token.Length + 1];
        spaced[0] = (byte)' ';
        token.CopyTo(spaced.AsSpan(1));
        Write(spaced, output);
    }

    internal override JsonObject Write() => new() { ["type"] = "WordPiece", ["prefix"] = prefix, ["cleanup"] = cleanup };

    private void Write(ReadOnlySpan<byte> token, IBufferWriter<byte> output)
    {
        if (!cleanup || token.IndexOf((byte)' ') < 0)
        {
            output.Write(token);
            return;
        }

        string text = Encoding.UTF8.GetString(token);
        foreach ((string from, string to) in Clean)
            text = text.Replace(from, to, StringComparison.Ordinal);
        output.Write(Encoding.UTF8.GetBytes(text));
    }
}
