namespace Ashlar.Training.Reporting.Pictures;

/// <summary>The few colours of a report. Nothing is told by colour alone.</summary>
public enum Ink
{
    /// <summary>Text and strong lines.</summary>
    Ink,

    /// <summary>The ground.</summary>
    Paper,

    /// <summary>Lesser text.</summary>
    Soft,

    /// <summary>Grid lines.</summary>
    Rule,

    /// <summary>What is measured.</summary>
    Accent,
}

/// <summary>Where a text stands at its point.</summary>
public enum Anchor
{
    /// <summary>It begins there.</summary>
    Start,

    /// <summary>Its middle is there.</summary>
    Middle,

    /// <summary>It ends there.</summary>
    End,
}
