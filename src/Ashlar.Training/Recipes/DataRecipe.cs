using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>The text of a run. Paths are relative to the recipe; <c>${ASHLAR_DATA}</c> names the measurement data.</summary>
public sealed record DataRecipe
{
    /// <summary>Format of the files.</summary>
    public DataFormat Format { get; init; } = DataFormat.Text;

    /// <summary>Training files, folders or globs; with <c>shards</c>, the one folder that holds them, their tokenizer and the validation shards.</summary>
    public required IReadOnlyList<string> Train { get; init; }

    /// <summary>Validation files; empty to hold out <see cref="ValidationFraction"/> of the training text.</summary>
    public IReadOnlyList<string> Validation { get; init; } = [];

    /// <summary>
    /// Files whose documents are left out of training where they occur there word for word: held-out text that a published split
    /// also trains on. Their words stay in a vocabulary that is made from the training files.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Files that are scored whenever the whole validation text is, at the end at the latest; nothing is chosen by them.</summary>
    public IReadOnlyList<string> Test { get; init; } = [];

    /// <summary>Share of the training text held out when no validation files are named.</summary>
    public double ValidationFraction { get; init; } = 0.1;

    /// <summary>Hold out the last characters (<c>position</c>, nanoGPT's way) or whole documents by hash (<c>document</c>).</summary>
    public ValidationSplit Split { get; init; } = ValidationSplit.Document;

    /// <summary>With <c>parquet</c>: the column of text.</summary>
    public string Column { get; init; } = "text";

    /// <summary>How token streams are cut into rows.</summary>
    public Batching Batching { get; init; } = Batching.RandomCrops;

    /// <summary>With <c>contiguous</c>: whether a recurrent state starts anew at each document instead of going on through the stream.</summary>
    public bool ResetBetweenDocuments { get; init; }
}

/// <summary>File formats.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DataFormat>))]
public enum DataFormat
{
    /// <summary>Each file is one document.</summary>
    [JsonStringEnumMemberName("text")] Text,

    /// <summary>Each line is one document.</summary>
    [JsonStringEnumMemberName("text-lines")] TextLines,

    /// <summary>JSON lines with a <c>text</c> key.</summary>
    [JsonStringEnumMemberName("jsonl")] Jsonl,

    /// <summary>JSON lines with a <c>messages</c> key.</summary>
    [JsonStringEnumMemberName("chat")] Chat,

    /// <summary>Parquet; <see cref="DataRecipe.Column"/> holds the text.</summary>
    [JsonStringEnumMemberName("parquet")] Parquet,

    /// <summary>Pairs of files, source and target in turn: line n of one translates line n of the other.</summary>
    [JsonStringEnumMemberName("parallel-text")] ParallelText,

    /// <summary>Each line is a pair in columns divided by tabs.</summary>
    [JsonStringEnumMemberName("parallel-tsv")] ParallelTsv,

    /// <summary>JSON lines with a key for each side.</summary>
    [JsonStringEnumMemberName("parallel-jsonl")] ParallelJsonl,

    /// <summary>Each of these by its ending: <c>.tsv</c>, <c>.jsonl</c> or <c>.json</c>, packed or not, and all others two files in turn.</summary>
    [JsonStringEnumMemberName("parallel")] Parallel,

    /// <summary>No files: random numbers, to be written backwards.</summary>
    [JsonStringEnumMemberName("generated-reverse")] GeneratedReverse,

    /// <summary>No files: random numbers, to be written as they are.</summary>
    [JsonStringEnumMemberName("generated-copy")] GeneratedCopy,

    /// <summary>A folder of token shards that <c>ashlar data prepare</c> wrote; it may be larger than memory.</summary>
    [JsonStringEnumMemberName("shards")] Shards,
}

/// <summary>How validation text is held out.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ValidationSplit>))]
public enum ValidationSplit
{
    /// <summary>The last characters of the text.</summary>
    [JsonStringEnumMemberName("position")] Position,

    /// <summary>Whole documents, chosen by a hash of their content.</summary>
    [JsonStringEnumMemberName("document")] Document,
}

/// <summary>How token streams are cut into rows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Batching>))]
public enum Batching
{
    /// <summary>Rows start anywhere in one long stream (nanoGPT).</summary>
    [JsonStringEnumMemberName("random-crops")] RandomCrops,

    /// <summary>Whole documents packed into rows; attention never crosses a document.</summary>
    [JsonStringEnumMemberName("packed")] Packed,

    /// <summary>The stream in as many parallel tracks as there are rows; a batch goes on where the one before ended (recurrent models).</summary>
    [JsonStringEnumMemberName("contiguous")] Contiguous,
}
