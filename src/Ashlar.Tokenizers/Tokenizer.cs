using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Unicode;
using Ashlar.Tokenizers.Files;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers;

/// <summary>
/// Text to token ids and back. The way through is Hugging Face's: added tokens are cut out, the rest is normalized and
/// pre-tokenized, and the model turns each pre-token into ids. Safe to use from several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly AddedTokenMatcher _always;
    private readonly AddedTokenMatcher _withSpecial;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly Dictionary<string, int> _addedByContent;
    private readonly ConcurrentBag<WordCache> _caches = [];

    internal Tokenizer(TokenModel model, PreTokenizer preTokenizer, IReadOnlyList<AddedToken> added, SpecialTokens special, NormalizationForm? normalization = null, string? chatTemplate = null)
    {
        Model = model;
        PreTokenizer = preTokenizer;
        AddedTokens = [.. added.OrderBy(token => token.Id)];
        SpecialTokens = special;
        Normalization = normalization;
        ChatTemplate = chatTemplate;
        _addedById = AddedTokens.ToDictionary(token => token.Id);
        _addedByContent = AddedTokens.ToDictionary(token => token.Content, token => token.Id);
        _always = new AddedTokenMatcher(AddedTokens.Where(token => !token.Special));
        _withSpecial = new AddedTokenMatcher(AddedTokens);
        VocabularySize = Math.Max(model.VocabularySize, AddedTokens.Count == 0 ? 0 : AddedTokens[^1].Id + 1);
    }

    /// <summary>1 + the highest id.</summary>
    public int VocabularySize { get; }

    /// <summary>Tokens with a role.</summary>
    public SpecialTokens SpecialTokens { get; }

    /// <summary>Tokens outside the model, by id.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    /// <summary>The Jinja chat template of <c>tokenizer_config.json</c>, if there is one.</summary>
    public string? ChatTemplate { get; }

    /// <summary>The model under the pipeline.</summary>
    public TokenModel Model { get; }

    /// <summary>How text is cut before the model sees it.</summary>
    public PreTokenizer PreTokenizer { get; }

    internal NormalizationForm? Normalization { get; }

    /// <summary>Loads a <c>tokenizer.json</c> (also gzipped), a folder that holds one, or a tiktoken rank file.</summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="InvalidDataException">The file is not what its name says, or asks for a part Ashlar does not have.</exception>
    public static Tokenizer Load(string path) => TokenizerFile.Load(path);

    /// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c>, as Hugging Face tools read them.</summary>
    public void Save(string directory) => TokenizerFile.Save(this, directory);

    /// <summary>The same tokenizer with a chat template.</summary>
    public Tokenizer WithChatTemplate(string? template) =>
        new(Model, PreTokenizer, AddedTokens, SpecialTokens, Normalization, template);

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="addSpecialTokens">Put the begin-of-text token before it, if there is one.</param>
    /// <param name="parseSpecialTokens">Let text that spells a special token become it. Leave false for user input.</param>
    public int[] Encode(string text, bool addSpecialTokens = false, bool parseSpecialTokens = false)
    {
        List<int> ids = new(text.Length / 3 + 4);
        if (addSpecialTokens && SpecialTokens.BeginOfText is { } begin)
            ids.Add(begin);
        WordCache cache = _caches.TryTake(out WordCache? free) ? free : new WordCache();
        EncodeText(text, ids, cache, parseSpecialTokens ? _withSpecial : _always);
        _caches.Add(cache);
        return [.. ids];
    }

    /// <summary>Encodes bytes; what is not UTF-8 is kept byte for byte by byte-level models.</summary>
    public int[] Encode(ReadOnlySpan<byte> utf8, bool addSpecialTokens = false, bool parseSpecialTokens = false)
    {
        if (Utf8.IsValid(utf8))
            return Encode(Encoding.UTF8.GetString(utf8), addSpecialTokens, parseSpecialTokens);
        List<int> ids = [];
        if (addSpecialTokens && SpecialTokens.BeginOfText is { } begin)
            ids.Add(begin);
        while (!utf8.IsEmpty)
        {
            int valid = ValidPrefix(utf8);
            if (valid > 0)
                ids.AddRange(Encode(Encoding.UTF8.GetString(utf8[..valid]), false, parseSpecialTokens));
            utf8 = utf8[valid..];
            if (utf8.IsEmpty)
                break;
            _ = Rune.DecodeFromUtf8(utf8, out _, out int bad);
            Model.EncodeBytes(utf8[..bad], ids);
            utf8 = utf8[bad..];
        }

        return [.. ids];
    }

    /// <summary>Decodes ids to text; bytes that are not UTF-8 become U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) =>
        Encoding.UTF8.GetString(DecodeBytes(ids, skipSpecialTokens));

    /// <summary>Decodes ids to bytes, exactly.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        ArrayBufferWriter<byte> bytes = new(ids.Length * 4 + 16);
        foreach (int id in ids)
            bytes.Write(BytesOf(id, skipSpecialTokens));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Bytes of text this token stands for; 0 for a special token.</summary>
    public int TokenByteCount(int id) => IsSpecial(id) ? 0 : BytesOf(id, skipSpecial: true).Length;

    /// <summary>Whether the id is a control token.</summary>
    public bool IsSpecial(int id) => _addedById.TryGetValue(id, out AddedToken? token) && token.Special;

    /// <summary>Id of a token as <c>tokenizer.json</c> spells it, or null.</summary>
    public int? TokenToId(string token) => _addedByContent.TryGetValue(token, out int id) ? id : Model.Id(token);

    /// <summary>A token as <c>tokenizer.json</c> spells it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string IdToToken(int id) => _addedById.TryGetValue(id, out AddedToken? token)
        ? token.Content
        : Model.Token(id) ?? throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has {VocabularySize} ids and not this one.");

    /// <summary>A decoder that is given ids one by one and gives back whole characters.</summary>
    public StreamingDecoder NewStreamingDecoder(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        if (_addedById.TryGetValue(id, out AddedToken? token))
            return token.Special && skipSpecial ? [] : Encoding.UTF8.GetBytes(token.Content);
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return Model.Bytes(id);
    }

    private void EncodeText(string text, List<int> ids, WordCache cache, AddedTokenMatcher matcher)
    {
        int at = 0;
        while (at < text.Length)
        {
            (int start, AddedToken? token) = matcher.Find(text, at);
            ReadOnlySpan<char> plain = text.AsSpan(at, (token is null ? text.Length : start) - at);
            if (!plain.IsEmpty)
                EncodePlain(Normalization is { } form ? plain.ToString().Normalize(form) : plain, ids, cache);
            if (token is null)
                return;
            ids.Add(token.Id);
            at = start + token.Content.Length;
        }
    }

    private void EncodePlain(ReadOnlySpan<char> text, List<int> ids, WordCache cache)
    {
        while (!text.IsEmpty)
        {
            int length = PreTokenizer.NextLength(text);
            ReadOnlySpan<char> word = text[..length];
            if (!cache.TryAppend(word, ids))
            {
                int before = ids.Count;
                Model.Encode(word, ids);
                cache.Remember(word, ids, before);
            }

            text = text[length..];
        }
    }

    private static int ValidPrefix(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (at < utf8.Length && Rune.DecodeFromUtf8(utf8[at..], out _, out int length) == OperationStatus.Done)
            at += length;
        return at;
    }
}
