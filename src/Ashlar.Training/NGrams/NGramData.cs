using Ashlar.Datasets;
using Ashlar.Tokenizers;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.NGrams;

/// <summary>
/// A recipe's text as documents of token ids, read anew each time and never held as a whole (except a text that is split by position,
/// whose length must be known). Where the vocabulary has an end of text and documents are not split by position, every document
/// begins and ends with it: <c>&lt;s&gt; words &lt;/s&gt;</c>, the end predicted and the beginning not.
/// </summary>
internal sealed class NGramData
{
    private readonly IEnumerable<string> _train;
    private readonly IEnumerable<string> _validation;

    private NGramData(Tokenizer tokenizer, bool sentences, IEnumerable<string> train, IEnumerable<string> validation)
    {
        Tokenizer = tokenizer;
        (_train, _validation) = (train, validation);
        if (!sentences || tokenizer.SpecialTokens.EndOfText is not { } end)
            return;
        EndId = end;
        BeginId = tokenizer.SpecialTokens.BeginOfText ?? end;
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>The token before a document, or -1.</summary>
    public int BeginId { get; } = -1;

    /// <summary>The token after a document, or -1.</summary>
    public int EndId { get; } = -1;

    public IEnumerable<int[]> Train => _train.Select(Encode);

    public IEnumerable<int[]> Validation => _validation.Select(Encode);

    public static NGramData Prepare(Recipe recipe, TrainerOptions options)
    {
        IReadOnlyList<string> trainFiles = RecipePaths.Expand(recipe.Data.Train, options.RecipeFolder, "data.train");
        IReadOnlyList<string> validationFiles = RecipePaths.Expand(recipe.Data.Validation, options.RecipeFolder, "data.validation");
        Func<IEnumerable<string>, IEnumerable<string>> read = RunData.Reader(recipe.Data);
        IEnumerable<string> train = read(trainFiles), validation = read(validationFiles);
        bool position = recipe.Data.Split == ValidationSplit.Position;
        if (validationFiles.Count == 0 && position)
        {
            (train, validation) = RunData.Split(recipe.Data, [.. train]);
        }
        else if (validationFiles.Count == 0)
        {
            IEnumerable<string> all = train;
            double fraction = recipe.Data.ValidationFraction;
            train = all.Where(document => !DocumentSplit.IsValidation(document, fraction));
            validation = all.Where(document => DocumentSplit.IsValidation(document, fraction));
        }

        if (!train.Any() || !validation.Any())
            throw new InvalidDataException("data: no training or no validation documents; expected at least one of each (name data.validation files or raise data.validationFraction).");
        Tokenizer tokenizer = RunData.MakeTokenizer(recipe, options, train, validation);
        return new NGramData(tokenizer, !position, train.Where(RunData.Kept(recipe.Data, options.RecipeFolder)), validation);
    }

    private int[] Encode(string document) =>
        BeginId < 0 ? Tokenizer.Encode(document) : [BeginId, .. Tokenizer.Encode(document), EndId];
}
