namespace Ashlar.Datasets.Parallel;

/// <summary>Token ids with a role in a batch.</summary>
/// <param name="Begin">Given to the decoder before the target. Marian's layout has the padding token here.</param>
/// <param name="End">Ends a target.</param>
/// <param name="SourcePadding">Fills short sources.</param>
/// <param name="TargetPadding">Fills short decoder inputs.</param>
public sealed record ParallelTokens(int Begin, int End, int SourcePadding, int TargetPadding);
