namespace Ashlar.Evaluation.Translation;

/// <summary>The line that says how a figure came about.</summary>
internal static class ScoreSignature
{
    /// <summary>The release of sacreBLEU whose figures these are.</summary>
    private const string Reproduces = "2.6.0";

    /// <summary>sacreBLEU's fields, and who computed it.</summary>
    public static string Of(int references, string fields)
    {
        Version version = typeof(ScoreSignature).Assembly.GetName().Version!;
        return $"nrefs:{references}|{fields}|version:{Reproduces}|by:ashlar-{version.ToString(3)}";
    }
}
