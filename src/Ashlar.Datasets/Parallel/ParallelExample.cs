namespace Ashlar.Datasets.Parallel;

/// <summary>A sentence pair in tokens.</summary>
/// <param name="Source">All that the encoder reads: tags, sentence and end token, already reversed where that is asked for.</param>
/// <param name="Target">The translation alone: begin and end tokens are put around it when a batch is laid out.</param>
public sealed record ParallelExample(int[] Source, int[] Target)
{
    /// <summary>Steps of the decoder: the translation and the token that ends (or begins) it.</summary>
    public int TargetSteps => Target.Length + 1;
}
