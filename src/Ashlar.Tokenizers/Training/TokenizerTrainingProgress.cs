namespace Ashlar.Tokenizers.Training;

/// <summary>How far tokenizer training is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 while unknown.</param>
public readonly record struct TokenizerTrainingProgress(string Stage, long Done, long Total);
