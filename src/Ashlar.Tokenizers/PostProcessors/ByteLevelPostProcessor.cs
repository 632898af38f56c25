using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PostProcessors;

/// <summary>Hugging Face's trimming of offsets; it changes no ids and is kept so that a file is saved as it was.</summary>
/// <param name="original">The part as it was read.</param>
public sealed class ByteLevelPostProcessor(JsonObject original) : PostProcessor
{
    internal override TypedIds Process(TypedIds first, TypedIds? second) => second is null ? first : first.Concat(second);

    internal override JsonObject Write() => (JsonObject)original.DeepClone();
}
