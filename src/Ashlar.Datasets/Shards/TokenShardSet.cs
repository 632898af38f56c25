using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Datasets.Batches;

namespace Ashlar.Datasets.Shards;

/// <summary>
/// The shards of a folder as one list of documents and one stream of tokens. A document is copied when it is asked for, so that a
/// corpus larger than memory is a list like any other.
/// </summary>
public sealed class TokenShardSet : IReadOnlyList<TokenExample>, ITokenStream, IDisposable
{
    private readonly TokenShard[] _shards;
    private readonly long[] _tokenStarts;  // of each shard in the whole stream
    private readonly int[] _documentStarts;

    private TokenShardSet(TokenShard[] shards)
    {
        _shards = shards;
        _tokenStarts = new long[shards.Length];
        _documentStarts = new int[shards.Length];
        for (int i = 0; i < shards.Length; i++)
        {
            (_tokenStarts[i], _documentStarts[i]) = (TokenCount, Count);
            TokenCount += shards[i].TokenCount;
            Count = checked(Count + shards[i].DocumentCount);
        }
    }

    /// <summary>Number of documents.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    public long TokenCount { get; }

    /// <summary>Ids are below this.</summary>
    public int VocabularySize => _shards[0].VocabularySize;

    /// <summary>Number of files.</summary>
    public int ShardCount => _shards.Length;

    /// <summary>Identifies the tokenizer the ids come from, 32 bytes.</summary>
    public ReadOnlySpan<byte> Fingerprint => _shards[0].Fingerprint;

    /// <summary>A copy of a document.</summary>
    /// <exception cref="InvalidDataException">The document is longer than an array can be.</exception>
    public TokenExample this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            int shard = Find(_documentStarts, index);
            (long start, long length) = _shards[shard].Document(index - _documentStarts[shard]);
            if (length > Array.MaxLength)
                throw new InvalidDataException($"{_shards[shard].Path}: a document of {length} tokens is too long to be read at once.");
            int[] ids = new int[length];
            _shards[shard].CopyTo(start, ids);
            return new TokenExample(ids);
        }
    }

    /// <summary>Tokens of a document, without reading them.</summary>
    public long DocumentLength(int index)
    {
        int shard = Find(_documentStarts, index);
        return _shards[shard].Document(index - _documentStarts[shard]).Length;
    }

    /// <summary>Whether the folder holds a set of shards written to its end.</summary>
    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, TokenShardWriter.ListName));

    /// <summary>Opens every shard of a folder.</summary>
    /// <param name="folder">What <see cref="TokenShardWriter"/> wrote.</param>
    /// <param name="verify">Also checks every byte against the checksums.</param>
    /// <exception cref="FileNotFoundException">The list or a shard is missing.</exception>
    /// <exception cref="InvalidDataException">The list or a shard is damaged, or the shards are of different tokenizers.</exception>
    public static TokenShardSet Open(string folder, bool verify = false)
    {
        List<TokenShard> shards = [];
        try
        {
            foreach (string name in ReadList(Path.Combine(folder, TokenShardWriter.ListName)))
            {
                TokenShard shard = TokenShard.Open(Path.Combine(folder, name), verify);
                shards.Add(shard);
                if (shard.VocabularySize != shards[0].VocabularySize || !shard.Fingerprint.SequenceEqual(shards[0].Fingerprint))
                    throw new InvalidDataException($"{shard.Path}: written with another tokenizer than {shards[0].Path}.");
            }

            return new TokenShardSet([.. shards]);
        }
        catch
        {
            shards.ForEach(shard => shard.Dispose());
            throw;
        }
    }

    /// <inheritdoc/>
    public void CopyTo(long start, Span<int> destination)
    {
        if (start < 0 || start > TokenCount - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{destination.Length} tokens from there do not lie within {TokenCount}.");
        if (destination.IsEmpty)
            return;
        for (int shard = Find(_tokenStarts, start); !destination.IsEmpty; shard++)
        {
            long within = start - _tokenStarts[shard];
            int count = (int)Math.Min(destination.Length, _shards[shard].TokenCount - within);
            _shards[shard].CopyTo(within, destination[..count]);
            destination = destination[count..];
            start += count;
        }
    }

    /// <inheritdoc/>
    public IEnumerator<TokenExample> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_shards, shard => shard.Dispose());

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // The last shard that starts at or before the place; empty shards share their start with the next one.
    private static int Find<T>(T[] starts, T place)
        where T : IComparable<T>
    {
        int low = 0;
        for (int high = starts.Length; high - low > 1;)
        {
            int middle = (low + high) / 2;
            if (starts[middle].CompareTo(place) <= 0)
                low = middle;
            else
                high = middle;
        }

        return low;
    }

    private static List<string> ReadList(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected the list of a folder of token shards.", path);
        try
        {
            List<string> names = [.. JsonNode.Parse(File.ReadAllBytes(path))!["shards"]!.AsArray().Select(name => name!.GetValue<string>())];
            if (names.Count == 0 || names.Any(name => name != Path.GetFileName(name)))
                throw new InvalidDataException($"{path}: expected the names of shards in this folder.");
            return names;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            throw new InvalidDataException($"{path}: not a list of token shards.", error);
        }
    }
}
