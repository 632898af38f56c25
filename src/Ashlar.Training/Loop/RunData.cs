using Ashlar.Datasets;
using Ashlar.Datasets.Batches;
using Ashlar.Datasets.Shards;
using Ashlar.Datasets.Text;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.Training;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Loop;

/// <summary>A recipe's text as tokens: what is trained on and what is held out. Token shards are read as they are needed; other formats whole.</summary>
public sealed class RunData : IDisposable
{
    // Tokens of shards that the unigram baseline counts: enough for the frequencies, and seconds at most.
    private const int CountedTokens = 50_000_000;

    private CorpusShards? _shards;

    private RunData(Tokenizer tokenizer, IReadOnlyList<TokenExample> train, IReadOnlyList<TokenExample> validation, IReadOnlyList<TokenExample>? test = null)
    {
        Tokenizer = tokenizer;
        Train = train;
        Validation = validation;
        Test = test ?? [];
    }

    /// <summary>The trained or loaded tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Training documents, conversations, or the one stream of a text split by position.</summary>
    public IReadOnlyList<TokenExample> Train { get; }

    /// <summary>The same, held out.</summary>
    public IReadOnlyList<TokenExample> Validation { get; }

    /// <summary>What is scored at the end; may be empty.</summary>
    public IReadOnlyList<TokenExample> Test { get; }

    /// <summary>Tokens of <see cref="Train"/>.</summary>
    public long TrainTokens => Train is TokenShardSet set ? set.TokenCount : Train.Sum(example => (long)example.Ids.Length);

    /// <summary>The training documents one after another.</summary>
    public ITokenStream TrainStream => Train as ITokenStream ?? new ArrayTokens([.. Train.SelectMany(example => example.Ids)]);

    /// <summary>Reads, splits and encodes.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">Where its paths start.</param>
    /// <param name="tokenizer">The tokenizer of a run that continues; null to make the recipe's.</param>
    /// <exception cref="InvalidDataException">A file is not what the recipe says, or nothing is left to train or validate on.</exception>
    public static RunData Prepare(Recipe recipe, TrainerOptions options, Tokenizer? tokenizer = null)
    {
        if (recipe.Data.Format == DataFormat.Shards)
            return Shards(recipe, options);
        IReadOnlyList<string> trainFiles = RecipePaths.Expand(recipe.Data.Train, options.RecipeFolder, "data.train");
        IReadOnlyList<string> validationFiles = RecipePaths.Expand(recipe.Data.Validation, options.RecipeFolder, "data.validation");
        return recipe.Data.Format == DataFormat.Chat
            ? Chats(recipe, options, trainFiles, validationFiles, tokenizer)
            : Texts(recipe, options, trainFiles, validationFiles, tokenizer);
    }

    /// <inheritdoc/>
    public void Dispose() => _shards?.Dispose();

    /// <summary>
    /// Nats per token on the validation targets of a uniform guess and of the training token frequencies (add one; of shards, those of
    /// the first 50 million tokens).
    /// </summary>
    public (double Uniform, double Unigram) Baselines()
    {
        double[] counts = new double[Tokenizer.VocabularySize];
        Array.Fill(counts, 1);
        double total = counts.Length;
        foreach (int id in Train is TokenShardSet ? Targets(Train).Take(CountedTokens) : Targets(Train))
        {
            counts[id]++;
            total++;
        }

        double nats = 0;
        long targets = 0;
        foreach (int id in Validation is TokenShardSet ? Targets(Validation).Take(CountedTokens) : Targets(Validation))
        {
            nats -= Math.Log(counts[id] / total);
            targets++;
        }

        return (Math.Log(counts.Length), nats / targets);
    }

    private static IEnumerable<int> Targets(IEnumerable<TokenExample> examples) =>
        examples.SelectMany(example => example.Ids.Skip(1).Where((_, i) => example.Supervised is null || example.Supervised[i + 1]));

    private static RunData Texts(Recipe recipe, TrainerOptions options, IReadOnlyList<string> trainFiles, IReadOnlyList<string> validationFiles, Tokenizer? tokenizer)
    {
        Func<IEnumerable<string>, IEnumerable<string>> read = Reader(recipe.Data);
        List<string> train = [.. read(trainFiles)];
        List<string> validation = [.. read(validationFiles)];
        if (validationFiles.Count == 0)
            (train, validation) = Split(recipe.Data, train);
        if (validation.Count == 0 || train.Count == 0)
            throw new InvalidDataException($"data: {train.Count} training and {validation.Count} validation documents; expected at least one of each (name data.validation files or raise data.validationFraction).");
        tokenizer ??= MakeTokenizer(recipe, options, train, validation);
        return new RunData(
            tokenizer,
            Encode([.. train.Where(Kept(recipe.Data, options.RecipeFolder))]),
            Encode(validation),
            Encode([.. read(RecipePaths.Expand(recipe.Data.Test, options.RecipeFolder, "data.test"))]));

        // The end of a document is something to predict, where the vocabulary has a token for it.
        IReadOnlyList<TokenExample> Encode(List<string> documents) =>
        [
            .. documents.AsParallel().AsOrdered().Select(text => tokenizer.SpecialTokens.EndOfText is { } end && recipe.Data.Split == ValidationSplit.Document
                ? new TokenExample([end, .. tokenizer.Encode(text), end])
                : new TokenExample(tokenizer.Encode(text))),
        ];
    }

    /// <summary>How a recipe's files become documents, one after another.</summary>
    internal static Func<IEnumerable<string>, IEnumerable<string>> Reader(DataRecipe data)
    {
        TextFormat format = data.Format switch
        {
            DataFormat.TextLines => TextFormat.TextLines,
            DataFormat.Jsonl => TextFormat.Jsonl,
            DataFormat.Parquet => TextFormat.Parquet,
            DataFormat.Text => TextFormat.Text,
            _ => throw new InvalidDataException($"data.format is {data.Format}; expected text, text-lines, jsonl or parquet."),
        };
        return paths => format.Read(paths, data.Column);
    }

    /// <summary>Whether a training document is none of those that <see cref="DataRecipe.Exclude"/> names.</summary>
    internal static Func<string, bool> Kept(DataRecipe data, string recipeFolder)
    {
        HashSet<string> excluded = [.. Reader(data)(RecipePaths.Expand(data.Exclude, recipeFolder, "data.exclude"))];
        return document => !excluded.Contains(document);
    }

    // The ids are those of the tokenizer that lies with the shards; a model that is trained further must have the same one.
    private static RunData Shards(Recipe recipe, TrainerOptions options)
    {
        CorpusShards shards = CorpusShards.Open(RecipePaths.Resolve(recipe.Data.Train[0], options.RecipeFolder));
        try
        {
            Tokenizer tokenizer = shards.Tokenizer;
            if (recipe.Model.InitializeFrom is { } start)
            {
                tokenizer = Tokenizer.Load(RecipePaths.Resolve(start, options.RecipeFolder));
                if (!TokenizerFingerprint.Of(tokenizer).AsSpan().SequenceEqual(shards.Train.Fingerprint))
                    throw new InvalidDataException($"data.train: {recipe.Data.Train[0]} was prepared with another tokenizer than that of {start}; prepare it again with --tokenizer {start}.");
            }

            return new RunData(tokenizer, shards.Train, shards.Validation) { _shards = shards };
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    internal static (List<string> Train, List<string> Validation) Split(DataRecipe data, List<string> documents)
    {
        if (data.Split == ValidationSplit.Document)
        {
            ILookup<bool, string> sides = documents.ToLookup(text => DocumentSplit.IsValidation(text, data.ValidationFraction));
            return ([.. sides[false]], [.. sides[true]]);
        }

        string all = string.Concat(documents);
        int cut = (int)(all.Length * (1 - data.ValidationFraction));
        if (cut > 0 && cut < all.Length && char.IsLowSurrogate(all[cut]))
            cut++;
        return ([all[..cut]], [all[cut..]]);
    }

    private static RunData Chats(Recipe recipe, TrainerOptions options, IReadOnlyList<string> trainFiles, IReadOnlyList<string> validationFiles, Tokenizer? tokenizer)
    {
        List<IReadOnlyList<ChatMessage>> train = [.. ChatDocuments.FromFiles(trainFiles)];
        List<IReadOnlyList<ChatMessage>> validation = [.. ChatDocuments.FromFiles(validationFiles)];
        if (validationFiles.Count == 0)
        {
            ILookup<bool, IReadOnlyList<ChatMessage>> sides = train.ToLookup(chat =>
                DocumentSplit.IsValidation(string.Concat(chat.Select(message => message.Content)), recipe.Data.ValidationFraction));
            (train, validation) = ([.. sides[false]], [.. sides[true]]);
        }

        if (train.Count == 0 || validation.Count == 0)
            throw new InvalidDataException($"data: {train.Count} training and {validation.Count} validation conversations; expected at least one of each.");
        tokenizer ??= MakeTokenizer(recipe, options, [], []);
        ChatMl chat = new(tokenizer);
        bool replies = recipe.Task == TrainingTask.Sft;
        return new RunData(tokenizer.WithChatTemplate(ChatMl.Template), Encode(train), Encode(validation));

        IReadOnlyList<TokenExample> Encode(List<IReadOnlyList<ChatMessage>> chats) =>
        [
            .. chats.Select(messages => chat.Encode(messages)).Select(encoded => new TokenExample(encoded.Ids, replies ? encoded.Supervised : null)),
        ];
    }

    internal static Tokenizer MakeTokenizer(Recipe recipe, TrainerOptions options, IEnumerable<string> train, IEnumerable<string> validation)
    {
        if (recipe.Model.InitializeFrom is { } start)
            return Tokenizer.Load(RecipePaths.Resolve(start, options.RecipeFolder));
        TokenizerRecipe wanted = recipe.Tokenizer;
        switch (wanted.Kind)
        {
            case TokenizerKind.File:
                return Tokenizer.Load(RecipePaths.Resolve(wanted.Path!, options.RecipeFolder));
            case TokenizerKind.Character:
                // As nanoGPT: the alphabet is that of the whole text, so that every validation character has an id.
                return CharacterTrainer.Train(train.Concat(validation), wanted.SpecialTokens);
            case TokenizerKind.WordLevel:
                options.Progress?.Note($"collecting the {wanted.VocabularySize:N0} most frequent words");
                IReadOnlyList<string> also = RecipePaths.Expand(wanted.AlsoWordsOf, options.RecipeFolder, "tokenizer.alsoWordsOf");
                return WordLevelTrainer.Train(train.Concat(TextDocuments.FromFiles(also)), wanted.VocabularySize, ["<unk>", "<|endoftext|>", .. wanted.SpecialTokens], minimumCount: wanted.MinimumCount, lowercase: wanted.Lowercase ?? false);
            case TokenizerKind.WordPiece:
                options.Progress?.Note($"training a WordPiece vocabulary of {wanted.VocabularySize:N0} tokens");
                return WordPieceTrainer.Train(train, wanted.VocabularySize, ["<|endoftext|>", .. wanted.SpecialTokens], lowercase: wanted.Lowercase ?? true);
            case TokenizerKind.Unigram:
                options.Progress?.Note($"training a unigram vocabulary of {wanted.VocabularySize:N0} tokens");
                return UnigramTrainer.Train(train, wanted.VocabularySize, ["<|endoftext|>", .. wanted.SpecialTokens]);
            default:
                options.Progress?.Note($"training a byte-level BPE of {wanted.VocabularySize:N0} tokens");
                return ByteLevelBpeTrainer.Train(train, wanted.VocabularySize, ["<|endoftext|>", .. wanted.SpecialTokens]);
        }
    }
}
