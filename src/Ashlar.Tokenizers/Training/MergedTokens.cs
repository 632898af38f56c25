using System.Text;

namespace Ashlar.Tokenizers.Training;

/// <summary>The tokens that a <see cref="PairMerger"/> makes: how two become one, and which of two equally frequent pairs goes first.</summary>
internal abstract class MergedTokens
{
    /// <summary>Number of tokens so far.</summary>
    public abstract int Count { get; }

    /// <summary>The id of two tokens side by side; a token that is there already keeps its id.</summary>
    public abstract int Join(int left, int right);

    /// <summary>Order of pairs that are equally frequent; the lesser goes first.</summary>
    public abstract int Compare((int Left, int Right) a, (int Left, int Right) b);
}

/// <summary>Tokens of bytes; among equally frequent pairs the one with the greater bytes goes first.</summary>
internal sealed class ByteStringTokens : MergedTokens
{
    private readonly List<byte[]?> _tokens = [];
    private readonly Dictionary<string, int> _ids = [];

    public ByteStringTokens()
    {
        for (int value = 0; value < 256; value++)
        {
            _tokens.Add([(byte)value]);
            _ids.Add(((char)value).ToString(), value);
        }
    }

    /// <summary>Bytes of every token by id.</summary>
    public IReadOnlyList<byte[]?> Tokens => _tokens;

    public override int Count => _tokens.Count;

    public override int Join(int left, int right)
    {
        byte[] joined = [.. _tokens[left]!, .. _tokens[right]!];
        string key = Encoding.Latin1.GetString(joined);
        if (_ids.TryGetValue(key, out int id))
            return id;
        _ids.Add(key, _tokens.Count);
        _tokens.Add(joined);
        return _tokens.Count - 1;
    }

    public override int Compare((int Left, int Right) a, (int Left, int Right) b)
    {
        int order = _tokens[b.Left].AsSpan().SequenceCompareTo(_tokens[a.Left]);
        return order != 0 ? order : _tokens[b.Right].AsSpan().SequenceCompareTo(_tokens[a.Right]);
    }
}

/// <summary>Tokens of text, those inside a word marked by a prefix; among equally frequent pairs the lower ids go first.</summary>
/// <param name="prefix">The mark.</param>
internal sealed class WordPartTokens(string prefix) : MergedTokens
{
    private readonly List<string> _tokens = [];
    private readonly Dictionary<string, int> _ids = [];

    /// <summary>Tokens by id.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    public override int Count => _tokens.Count;

    /// <summary>The id of a token, which is added when it is new.</summary>
    public int Add(string token)
    {
        if (_ids.TryGetValue(token, out int id))
            return id;
        _ids.Add(token, _tokens.Count);
        _tokens.Add(token);
        return _tokens.Count - 1;
    }

    public override int Join(int left, int right)
    {
        string tail = _tokens[right];
        return Add(_tokens[left] + (tail.StartsWith(prefix, StringComparison.Ordinal) ? tail[prefix.Length..] : tail));
    }

    public override int Compare((int Left, int Right) a, (int Left, int Right) b) => a.CompareTo(b);
}
