namespace Ashlar.Tokenizers;

/// <summary>A token outside the model, matched in the text as a whole.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether it is a control token: never made from user text unless asked, and no part of the text.</param>
public sealed record AddedToken(int Id, string Content, bool Special)
{
    /// <summary>Whether white space before it belongs to it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Whether white space after it belongs to it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Whether it is looked for in the normalized text; by default ordinary tokens are and special ones are not.</summary>
    public bool Normalized { get; init; } = !Special;

    /// <summary>Whether it must not touch a letter, a digit or an underscore.</summary>
    public bool SingleWord { get; init; }
}
