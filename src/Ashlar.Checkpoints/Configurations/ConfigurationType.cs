namespace Ashlar.Checkpoints.Configurations;

/// <summary>What kind of model a <c>config.json</c> describes.</summary>
public static class ConfigurationType
{
    /// <summary>The value of <c>model_type</c>; null where there is none.</summary>
    /// <param name="path">A <c>config.json</c>.</param>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Not a JSON object, or <c>model_type</c> is not a string.</exception>
    public static string? Of(string path) => ConfigurationFile.Load(path, root => ConfigurationFile.Text(root, "model_type"));
}
