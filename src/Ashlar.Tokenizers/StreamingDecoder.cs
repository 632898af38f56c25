using System.Buffers;
using System.Text;

namespace Ashlar.Tokenizers;

/// <summary>Gives text as ids arrive, holding back bytes until they make whole characters.</summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly List<byte> _held = [];

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>Takes the next id; returns the characters it completes, possibly none.</summary>
    public string Append(int id)
    {
        _held.AddRange(_tokenizer.BytesOf(id, _skipSpecialTokens));
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_held);
        int whole = 0;
        while (whole < bytes.Length)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes[whole..], out _, out int length);
            if (status == OperationStatus.NeedMoreData)
                break;
            whole += length; // an invalid byte will never become valid: it goes out as U+FFFD
        }

        string text = Encoding.UTF8.GetString(bytes[..whole]);
        _held.RemoveRange(0, whole);
        return text;
    }

    /// <summary>Gives what is still held back; an unfinished character becomes U+FFFD.</summary>
    public string Flush()
    {
        string text = Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_held));
        _held.Clear();
        return text;
    }
}
