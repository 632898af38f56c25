using Ashlar.Datasets.Batches;

namespace Ashlar.Training.Tasks;

/// <summary>Documents one after another as one stream, for a model that reads on and on.</summary>
internal static class DocumentStream
{
    /// <summary>
    /// All tokens; between two documents stands the end of text once, which both ends the one and begins the other.
    /// </summary>
    public static int[] Of(IEnumerable<TokenExample> documents, int? end)
    {
        List<int> stream = [];
        foreach (TokenExample document in documents)
        {
            bool doubled = end is not null && stream.Count > 0 && stream[^1] == end && document.Ids.Length > 0 && document.Ids[0] == end;
            stream.AddRange(doubled ? document.Ids.AsSpan(1) : document.Ids);
        }

        return [.. stream];
    }
}
