using System.Runtime.ExceptionServices;
using Ashlar.Datasets.Text;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;

namespace Ashlar.Datasets.Shards;

/// <summary>
/// A corpus as token shards: <c>train/</c>, <c>validation/</c> and the tokenizer that wrote them, in one folder. Documents stream
/// through, so that the corpus may be larger than memory; it is read once for each side. A document's side depends on its content
/// alone (<see cref="DocumentSplit"/>), whatever the number of files or of shards.
/// </summary>
public sealed class CorpusShards : IDisposable
{
    /// <summary>Folder of the training shards.</summary>
    public const string TrainFolder = "train";

    /// <summary>Folder of the validation shards.</summary>
    public const string ValidationFolder = "validation";

    // Characters that are encoded together, by all processors.
    private const int Together = 1 << 22;

    private CorpusShards(TokenShardSet train, TokenShardSet validation, Tokenizer tokenizer) =>
        (Train, Validation, Tokenizer) = (train, validation, tokenizer);

    /// <summary>What is trained on.</summary>
    public TokenShardSet Train { get; }

    /// <summary>What is held out.</summary>
    public TokenShardSet Validation { get; }

    /// <summary>The tokenizer the ids come from.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Writes the shards of a corpus.</summary>
    /// <param name="folder">Made if it is not there; shards of an earlier writing are replaced.</param>
    /// <param name="train">Opens the corpus; called once for each side.</param>
    /// <param name="validation">Opens the held-out corpus; null to hold out <see cref="CorpusShardOptions.ValidationFraction"/> of the training documents.</param>
    /// <param name="tokenizer">Makes the ids; saved with the shards.</param>
    /// <param name="options">Sizes and progress.</param>
    /// <exception cref="InvalidDataException">A document cannot be read, or a side stays empty.</exception>
    public static void Write(
        string folder, Func<IEnumerable<CorpusDocument>> train, Func<IEnumerable<CorpusDocument>>? validation, Tokenizer tokenizer, CorpusShardOptions options)
    {
        Directory.CreateDirectory(folder);
        tokenizer.Save(folder);
        byte[] fingerprint = TokenizerFingerprint.Of(tokenizer);
        double fraction = validation is null ? options.ValidationFraction : 0;
        WriteSide(TrainFolder, train().Where(document => !DocumentSplit.IsValidation(document.Key, fraction)));
        WriteSide(ValidationFolder, validation is null
            ? train().Where(document => DocumentSplit.IsValidation(document.Key, fraction))
            : validation());

        void WriteSide(string side, IEnumerable<CorpusDocument> documents)
        {
            string path = Path.Combine(folder, side);
            TokenShardWriter.Write(path, Encode(documents, side, options.Progress), tokenizer.VocabularySize, fingerprint, options.LargestShard);
            using TokenShardSet written = TokenShardSet.Open(path);
            if (written.Count == 0)
                throw new InvalidDataException($"{path}: no document fell on this side; name validation files or choose another validation fraction than {options.ValidationFraction}.");
        }
    }

    /// <summary>Texts as documents: between two end-of-text tokens where the vocabulary has one, so that begin and end are learned.</summary>
    public static IEnumerable<CorpusDocument> Texts(IEnumerable<string> texts, Tokenizer tokenizer) =>
        texts.Select(text => new CorpusDocument(text, text.Length, () => tokenizer.SpecialTokens.EndOfText is { } end
            ? [end, .. tokenizer.Encode(text), end]
            : tokenizer.Encode(text)));

    /// <summary>Conversations as documents, written as ChatML; every token is supervised.</summary>
    public static IEnumerable<CorpusDocument> Chats(IEnumerable<IReadOnlyList<ChatMessage>> chats, Tokenizer tokenizer)
    {
        ChatMl form = new(tokenizer);
        foreach (IReadOnlyList<ChatMessage> chat in chats)
        {
            string key = string.Concat(chat.Select(message => message.Content));
            yield return new CorpusDocument(key, key.Length, () => form.Encode(chat).Ids);
        }
    }

    /// <summary>Whether a folder holds a corpus written to its end.</summary>
    public static bool Exists(string folder) =>
        TokenShardSet.Exists(Path.Combine(folder, TrainFolder)) && TokenShardSet.Exists(Path.Combine(folder, ValidationFolder));

    /// <summary>Opens a corpus.</summary>
    /// <param name="folder">What <see cref="Write"/> wrote.</param>
    /// <param name="verify">Also checks every byte against the checksums.</param>
    /// <exception cref="FileNotFoundException">The folder holds no such corpus, or a part of it is missing.</exception>
    /// <exception cref="InvalidDataException">A shard is damaged, or was written with another tokenizer than lies beside it.</exception>
    public static CorpusShards Open(string folder, bool verify = false)
    {
        if (!Exists(folder))
            throw new FileNotFoundException($"{folder}: no token shards; expected a folder written by 'ashlar data prepare'.", folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        byte[] fingerprint = TokenizerFingerprint.Of(tokenizer);
        TokenShardSet train = TokenShardSet.Open(Path.Combine(folder, TrainFolder), verify);
        TokenShardSet? validation = null;
        try
        {
            validation = TokenShardSet.Open(Path.Combine(folder, ValidationFolder), verify);
            foreach ((string side, TokenShardSet set) in (ReadOnlySpan<(string, TokenShardSet)>)[(TrainFolder, train), (ValidationFolder, validation)])
            {
                if (!set.Fingerprint.SequenceEqual(fingerprint))
                    throw new InvalidDataException($"{Path.Combine(folder, side)}: written with another tokenizer than the one in {folder}; prepare the data again.");
            }

            return new CorpusShards(train, validation, tokenizer);
        }
        catch
        {
            train.Dispose();
            validation?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Train.Dispose();
        Validation.Dispose();
    }

    private static IEnumerable<int[]> Encode(IEnumerable<CorpusDocument> documents, string side, IProgress<CorpusShardProgress>? progress)
    {
        (long done, long tokens) = (0, 0);
        foreach (List<CorpusDocument> group in InGroups(documents))
        {
            int[][] encoded;
            try
            {
                encoded = [.. group.AsParallel().AsOrdered().Select(document => document.Encode())];
            }
            catch (AggregateException error) when (error.InnerExceptions.FirstOrDefault(inner => inner is InvalidDataException) is { } first)
            {
                ExceptionDispatchInfo.Throw(first);
                throw;
            }

            foreach (int[] ids in encoded)
            {
                yield return ids;
                (done, tokens) = (done + 1, tokens + ids.Length);
            }

            progress?.Report(new CorpusShardProgress(side, done, tokens));
        }
    }

    private static IEnumerable<List<CorpusDocument>> InGroups(IEnumerable<CorpusDocument> documents)
    {
        List<CorpusDocument> group = [];
        long size = 0;
        foreach (CorpusDocument document in documents)
        {
            group.Add(document);
            size += document.Size;
            if (size >= Together)
            {
                yield return group;
                (group, size) = ([], 0);
            }
        }

        if (group.Count > 0)
            yield return group;
    }
}

/// <summary>A document on its way to a shard.</summary>
/// <param name="Key">Its content, which decides the side it falls on.</param>
/// <param name="Size">Its length in characters, about.</param>
/// <param name="Encode">Makes its ids; called from any thread.</param>
public sealed record CorpusDocument(string Key, long Size, Func<int[]> Encode);

/// <summary>How a corpus is written.</summary>
public sealed record CorpusShardOptions
{
    /// <summary>Share of the documents held out, 0 to 1.</summary>
    public double ValidationFraction { get; init; } = 0.01;

    /// <summary>Tokens after which a new shard begins, at the end of a document.</summary>
    public long LargestShard { get; init; } = 100_000_000;

    /// <summary>Told how far the writing is.</summary>
    public IProgress<CorpusShardProgress>? Progress { get; init; }
}

/// <summary>How far the writing is.</summary>
/// <param name="Side"><c>train</c> or <c>validation</c>.</param>
/// <param name="Documents">Documents written.</param>
/// <param name="Tokens">Their tokens.</param>
public sealed record CorpusShardProgress(string Side, long Documents, long Tokens);
