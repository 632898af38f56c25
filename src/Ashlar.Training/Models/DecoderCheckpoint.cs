using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Training.Models;

/// <summary>A decoder's parameters to and from Hugging Face's layout.</summary>
internal static class DecoderCheckpoint
{
    public static void Save(string directory, DecoderConfiguration configuration, IReadOnlyList<NamedParameter> parameters) =>
        ModelCheckpoint.Save(directory, configuration.ToHuggingFaceJson(), parameters);

    public static void Load(ITensorSource source, DecoderConfiguration configuration, IReadOnlyList<NamedParameter> parameters) =>
        ModelCheckpoint.Load(source, StrictTensors.Match(source, configuration), parameters);
}
