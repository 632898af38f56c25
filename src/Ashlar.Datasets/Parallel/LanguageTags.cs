namespace Ashlar.Datasets.Parallel;

/// <summary>Which tags stand before a source sentence.</summary>
public enum LanguageTags
{
    /// <summary>None: the model serves one direction.</summary>
    None,

    /// <summary>The target language, <c>&lt;2en&gt;</c>.</summary>
    Target,

    /// <summary>Both languages, <c>&lt;zh&gt; &lt;2en&gt;</c>.</summary>
    SourceAndTarget,
}
