using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PostProcessors;

/// <summary>Puts special tokens around the ids of a text, or of a pair of texts.</summary>
public abstract class PostProcessor
{
    /// <summary>Puts the special tokens in place.</summary>
    /// <param name="first">Ids and segment types of the first text.</param>
    /// <param name="second">Of the second text, or null when there is one text.</param>
    internal abstract TypedIds Process(TypedIds first, TypedIds? second);

    /// <summary>This part as <c>tokenizer.json</c> writes it.</summary>
    internal abstract JsonObject Write();
}

/// <summary>Ids with the segment each belongs to.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Types">Segment of each id: 0 or 1 in all published templates.</param>
public sealed record TypedIds(IReadOnlyList<int> Ids, IReadOnlyList<int> Types)
{
    /// <summary>Ids that all belong to one segment.</summary>
    internal static TypedIds Of(IReadOnlyList<int> ids, int type)
    {
        int[] types = new int[ids.Count];
        Array.Fill(types, type);
        return new TypedIds(ids, types);
    }

    internal TypedIds Concat(TypedIds other) => new([.. Ids, .. other.Ids], [.. Types, .. other.Types]);
}
