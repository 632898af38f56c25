namespace Ashlar.Tokenizers;

/// <summary>A token outside the model, matched in the text as a whole.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether it is a control token: never made from user text unless asked, and no part of the text.</param>
public sealed record AddedToken(int Id, string Content, bool Special);
