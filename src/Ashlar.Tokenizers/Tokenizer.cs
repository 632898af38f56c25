using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Unicode;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Files;
using Ashlar.Tokenizers.PostProcessors;
using Ashlar.Tokenizers.PreTokenizers.Scanners;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers;

/// <summary>
/// Text to token ids and back. The way through is Hugging Face's: added tokens are cut out, the rest is normalized and
/// pre-tokenized, and the model turns each pre-token into ids. Safe to use from several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerPipeline _pipeline;
    private readonly TextScanner? _scanner;
    private readonly AddedTokenCutter _plain;
    private readonly AddedTokenCutter _withSpecial;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<string, int> _addedByContent;
    private readonly ConcurrentBag<WordCache> _caches = [];

    /// <summary>Builds a tokenizer from its parts.</summary>
    /// <param name="pipeline">The parts.</param>
    /// <exception cref="InvalidDataException">Two added tokens have the same id.</exception>
    public Tokenizer(TokenizerPipeline pipeline)
    {
        _pipeline = pipeline;
        _scanner = pipeline.PreTokenizer is null ? pipeline.Model.Scanner ?? new WholeTextScanner() : pipeline.PreTokenizer.Scanner;
        AddedTokens = [.. pipeline.AddedTokens.OrderBy(token => token.Id)];
        _addedById = new Dictionary<int, AddedToken>(AddedTokens.Count);
        _addedByContent = new Dictionary<string, int>(AddedTokens.Count);
        foreach (AddedToken token in AddedTokens)
        {
            if (!_addedById.TryAdd(token.Id, token))
                throw new InvalidDataException($"the added tokens '{_addedById[token.Id].Content}' and '{token.Content}' have the same id {token.Id}.");
            _addedByContent.TryAdd(token.Content, token.Id);
        }

        _plain = new AddedTokenCutter(AddedTokens.Where(token => !token.Special), pipeline.Normalizer);
        _withSpecial = new AddedTokenCutter(AddedTokens, pipeline.Normalizer);
        VocabularySize = Math.Max(pipeline.Model.VocabularySize, AddedTokens.Count == 0 ? 0 : AddedTokens[^1].Id + 1);
    }

    /// <summary>1 + the highest id.</summary>
    public int VocabularySize { get; }

    /// <summary>Tokens with a role.</summary>
    public SpecialTokens SpecialTokens => _pipeline.SpecialTokens;

    /// <summary>Tokens outside the model, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>The Jinja chat template of <c>tokenizer_config.json</c>, if there is one.</summary>
    public string? ChatTemplate => _pipeline.ChatTemplate;

    /// <summary>The parts it is made of.</summary>
    public TokenizerPipeline Pipeline => _pipeline;

    /// <summary>
    /// Loads a <c>tokenizer.json</c> (also gzipped), a folder that holds one, <c>vocab.json</c> beside <c>merges.txt</c>, BERT's
    /// <c>vocab.txt</c>, SentencePiece's <c>.model</c>, a tiktoken rank file, the vocabulary of a GGUF file or llama2.c's <c>tokenizer.bin</c>.
    /// </summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="InvalidDataException">The file is not what its name says, or asks for a part Ashlar does not have.</exception>
    public static Tokenizer Load(string path) => TokenizerFile.Load(path);

    /// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c>, as Hugging Face tools read them.</summary>
    public void Save(string directory) => TokenizerFile.Save(this, directory);

    /// <summary>The same tokenizer with a chat template.</summary>
    public Tokenizer WithChatTemplate(string? template) => new(_pipeline with { ChatTemplate = template });

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any text; a lone surrogate, which UTF-8 cannot hold, counts as U+FFFD.</param>
    /// <param name="addSpecialTokens">Put the special tokens of the post-processor around it, for example begin-of-text.</param>
    /// <param name="parseSpecialTokens">Let text that spells a special token become it. Leave false for user input.</param>
    public int[] Encode(string text, bool addSpecialTokens = false, bool parseSpecialTokens = false)
    {
        TokenBuffer ids = new(text.Length / 3 + 4);
        Append(Pipeline.Model.ReadsEscapedBytes ? SurrogateEscape.Clean(text) : text, ids, parseSpecialTokens);
        return Finish(ids, addSpecialTokens);
    }

    /// <summary>Encodes bytes; what is not UTF-8 is kept byte for byte by byte-level models.</summary>
    /// <param name="utf8">Any bytes.</param>
    /// <param name="addSpecialTokens">Put the special tokens of the post-processor around it, for example begin-of-text.</param>
    /// <param name="parseSpecialTokens">Let text that spells a special token become it. Leave false for user input.</param>
    public int[] Encode(ReadOnlySpan<byte> utf8, bool addSpecialTokens = false, bool parseSpecialTokens = false)
    {
        TokenBuffer ids = new(utf8.Length / 3 + 4);
        if (Pipeline.Model.ReadsEscapedBytes)
        {
            Append(SurrogateEscape.Read(utf8), ids, parseSpecialTokens);
            return Finish(ids, addSpecialTokens);
        }

        while (!utf8.IsEmpty)
        {
            int valid = Utf8.IsValid(utf8) ? utf8.Length : ValidPrefix(utf8);
            if (valid > 0)
                Append(Encoding.UTF8.GetString(utf8[..valid]), ids, parseSpecialTokens);
            utf8 = utf8[valid..];
            if (utf8.IsEmpty)
                break;
            int bad = InvalidPrefix(utf8);
            Pipeline.Model.EncodeBytes(utf8[..bad], ids);
            utf8 = utf8[bad..];
        }

        return Finish(ids, addSpecialTokens);
    }

    /// <summary>Encodes two texts for a model that reads pairs, with the post-processor's special tokens.</summary>
    /// <param name="first">The first text.</param>
    /// <param name="second">The second text.</param>
    /// <param name="parseSpecialTokens">Let text that spells a special token become it.</param>
    /// <returns>The ids, and for each its segment, 0 or 1.</returns>
    public TypedIds EncodePair(string first, string second, bool parseSpecialTokens = false)
    {
        TypedIds a = TypedIds.Of(Encode(first, false, parseSpecialTokens), 0);
        TypedIds b = TypedIds.Of(Encode(second, false, parseSpecialTokens), 1);
        return Pipeline.PostProcessor?.Process(a, b) ?? a.Concat(b);
    }

    /// <summary>Decodes ids to text; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) =>
        Encoding.UTF8.GetString(DecodeBytes(ids, skipSpecialTokens));

    /// <summary>Decodes ids to bytes, exactly.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        ArrayBufferWriter<byte> bytes = new(ids.Length * 4 + 16);
        DecodingState state = default;
        foreach (int id in ids)
            AppendText(id, skipSpecialTokens, ref state, bytes);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Bytes of text this token stands for inside a text; 0 for a special token.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public int TokenByteCount(int id) => TokenByteCount(id, first: false);

    /// <summary>Bytes of text this token stands for; 0 for a special token. Those of a text's tokens sum to its UTF-8 length.</summary>
    /// <param name="id">The token.</param>
    /// <param name="first">Whether it is the first of a text, which may lose the space that encoding put before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public int TokenByteCount(int id, bool first)
    {
        if (IsSpecial(id))
            return 0;
        if (Pipeline.Decoder.IsIdentity)
            return BytesOf(id).Length;
        ArrayBufferWriter<byte> bytes = new();
        DecodingState state = new() { Started = !first };
        AppendText(id, skipSpecial: true, ref state, bytes);
        return bytes.WrittenCount + (state.SpaceHeld ? 1 : 0);
    }

    /// <summary>
    /// Bytes that a token adds to a text, where what a token becomes depends on the one before it (a space between words, none at the
    /// start). Those of all tokens of a text sum to the length of the text they decode to.
    /// </summary>
    /// <param name="id">The token.</param>
    /// <param name="previous">The token before it; null, begin-of-text or end-of-text at the start of a text.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public int TokenByteCountAfter(int id, int? previous)
    {
        if (IsSpecial(id))
            return 0;
        if (Pipeline.Decoder.IsIdentity)
            return BytesOf(id).Length;
        bool first = previous is null || previous == SpecialTokens.EndOfText || previous == SpecialTokens.BeginOfText;
        ArrayBufferWriter<byte> bytes = new();
        DecodingState state = new() { Started = !first };
        if (!first && previous is { } before && before < VocabularySize)
            AppendText(before, skipSpecial: true, ref state, bytes);
        bytes.ResetWrittenCount();
        AppendText(id, skipSpecial: true, ref state, bytes);
        return bytes.WrittenCount;
    }

    /// <summary>Whether the id is a control token.</summary>
    public bool IsSpecial(int id) => _addedById.TryGetValue(id, out AddedToken? token) && token.Special;

    /// <summary>Id of a token as <c>tokenizer.json</c> spells it, or null.</summary>
    public int? TokenToId(string token) => _addedByContent.TryGetValue(token, out int id) ? id : Pipeline.Model.Id(token);

    /// <summary>A token as <c>tokenizer.json</c> spells it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string IdToToken(int id) => _addedById.TryGetValue(id, out AddedToken? token)
        ? token.Content
        : Pipeline.Model.Token(id) ?? throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has {VocabularySize} ids and not this one.");

    /// <summary>A decoder that is given ids one by one and gives back whole characters.</summary>
    public StreamingDecoder NewStreamingDecoder(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    /// <summary>Writes the text of the next token of a sequence.</summary>
    /// <param name="id">The token.</param>
    /// <param name="skipSpecial">Whether special tokens have no text.</param>
    /// <param name="state">What came before; kept up to date.</param>
    /// <param name="output">Receives the bytes.</param>
    internal void AppendText(int id, bool skipSpecial, ref DecodingState state, IBufferWriter<byte> output)
    {
        if (skipSpecial && IsSpecial(id))
            return;
        if (Pipeline.Decoder.IsIdentity)
            output.Write(BytesOf(id));
        else
            Pipeline.Decoder.Append(BytesOf(id), ref state, output);
        state.Started = true;
    }

    private ReadOnlySpan<byte> BytesOf(int id)
    {
        if (_addedById.TryGetValue(id, out AddedToken? token))
            return Encoding.UTF8.GetBytes(token.Content);
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return Pipeline.Model.Bytes(id);
    }

    private int[] Finish(TokenBuffer ids, bool addSpecialTokens) =>
        addSpecialTokens && Pipeline.PostProcessor is { } post ? [.. post.Process(TypedIds.Of(ids.ToArray(), 0), null).Ids] : ids.ToArray();

    private void Append(string text, TokenBuffer ids, bool parseSpecialTokens)
    {
        WordCache cache = _caches.TryTake(out WordCache? free) ? free : new WordCache();
        foreach (AddedTokenCutter.Part part in (parseSpecialTokens ? _withSpecial : _plain).Cut(text))
        {
            if (part.Token is { } token)
                ids.Add(token.Id);
            else if (_scanner is not null)
                Append(part.Text.AsSpan(part.Start, part.Length), _scanner, ids, cache);
            else
                AppendPieces(part, ids, cache);
        }

        _caches.Add(cache);
    }

    private void Append(ReadOnlySpan<char> text, TextScanner scanner, TokenBuffer ids, WordCache cache)
    {
        while (!text.IsEmpty)
        {
            int length = scanner.NextLength(text);
            if (!cache.TryAppend(text, length, ids))
                AppendNew(text, length, ids, cache);
            text = text[length..];
        }
    }

    private void AppendPieces(AddedTokenCutter.Part part, TokenBuffer ids, WordCache cache)
    {
        List<string> pieces = [];
        Pipeline.PreTokenizer!.Cut(part.Text.Substring(part.Start, part.Length), part.AtStart, pieces);
        foreach (string piece in pieces)
        {
            if (Pipeline.Model.Scanner is { } scanner)
                Append(piece, scanner, ids, cache);
            else if (!cache.TryAppend(piece, piece.Length, ids))
                AppendNew(piece, piece.Length, ids, cache);
        }
    }

    private void AppendNew(ReadOnlySpan<char> text, int length, TokenBuffer ids, WordCache cache)
    {
        int before = ids.Count;
        Pipeline.Model.Encode(text[..length], ids);
        cache.Remember(text, length, ids, before);
    }

    // The bytes up to the next well-formed scalar, taken together so that byte tokens can merge.
    private static int InvalidPrefix(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (at < utf8.Length && Rune.DecodeFromUtf8(utf8[at..], out _, out int length) != OperationStatus.Done)
            at += length;
        return at;
    }

    private static int ValidPrefix(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (at < utf8.Length && Rune.DecodeFromUtf8(utf8[at..], out _, out int length) == OperationStatus.Done)
            at += length;
        return at;
    }
}
