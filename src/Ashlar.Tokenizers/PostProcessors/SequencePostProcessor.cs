using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PostProcessors;

/// <summary>Several post-processors, one after the other.</summary>
/// <param name="parts">The steps.</param>
public sealed class SequencePostProcessor(IReadOnlyList<PostProcessor> parts) : PostProcessor
{
    internal override TypedIds Process(TypedIds first, TypedIds? second)
    {
        foreach (PostProcessor part in parts)
        {
            if (part is ByteLevelPostProcessor)
                continue;
            first = part.Process(first, second);
            second = null;
        }

        return second is null ? first : first.Concat(second);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Sequence",
        ["processors"] = new JsonArray([.. parts.Select(part => part.Write())]),
    };
}
