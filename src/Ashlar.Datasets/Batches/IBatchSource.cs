using System.Text.Json.Nodes;

namespace Ashlar.Datasets.Batches;

/// <summary>An endless, deterministic sequence of training batches whose place can be saved exactly.</summary>
public interface IBatchSource
{
    /// <summary>The next batch.</summary>
    TokenBatch Next();

    /// <summary>Cursor, random numbers and whatever is buffered.</summary>
    JsonObject SaveState();

    /// <summary>Continues exactly where <see cref="SaveState"/> was taken.</summary>
    void RestoreState(JsonObject state);
}
