namespace Ashlar.Inference;

/// <summary>Which positions' logits <see cref="ILanguageModel.Advance"/> writes.</summary>
public enum LogitsSelection
{
    /// <summary>Those after the last appended token of each sequence: [count, vocabulary].</summary>
    Last,

    /// <summary>Those after every appended token: [sum of the lengths, vocabulary].</summary>
    All,
}
