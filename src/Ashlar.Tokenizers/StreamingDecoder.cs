using System.Buffers;
using System.Text;
using Ashlar.Tokenizers.Decoders;

namespace Ashlar.Tokenizers;

/// <summary>Gives text as ids arrive, holding back bytes until they make whole characters.</summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly ArrayBufferWriter<byte> _held = new();
    private DecodingState _state;

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>Takes the next id; returns the characters it completes, possibly none.</summary>
    public string Append(int id)
    {
        _tokenizer.AppendText(id, _skipSpecialTokens, ref _state, _held);
        ReadOnlySpan<byte> bytes = _held.WrittenSpan;
        int whole = 0;
        while (whole < bytes.Length)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes[whole..], out _, out int length);
            if (status == OperationStatus.NeedMoreData)
                break;
            whole += length; // an invalid byte will never become valid: it goes out as U+FFFD
        }

        string text = Encoding.UTF8.GetString(bytes[..whole]);
        byte[] rest = bytes[whole..].ToArray();
        _held.ResetWrittenCount();
        _held.Write(rest);
        return text;
    }

    /// <summary>Gives what is still held back; an unfinished character becomes U+FFFD.</summary>
    public string Flush()
    {
        string text = Encoding.UTF8.GetString(_held.WrittenSpan);
        _held.ResetWrittenCount();
        return text;
    }
}
