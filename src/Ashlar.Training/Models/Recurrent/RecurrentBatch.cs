using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>
/// A batch the way time runs: all rows of step 0, then all rows of step 1, and so on, so that a step's vectors lie together.
/// </summary>
internal sealed unsafe class RecurrentBatch
{
    private RecurrentBatch(int rows, int length)
    {
        (Rows, Length) = (rows, length);
        Inputs = new int[rows * length];
        Targets = new long[rows * length];
    }

    public int Rows { get; }

    public int Length { get; }

    public int TokenCount => Rows * Length;

    /// <summary>Token ids, [length · rows].</summary>
    public int[] Inputs { get; }

    /// <summary>Targets, [length · rows].</summary>
    public long[] Targets { get; }

    /// <summary>Where the state is set to zero before the token, [length · rows]; null where it never is.</summary>
    public bool[]? Starts { get; private set; }

    /// <summary>Copies a batch and checks it.</summary>
    /// <exception cref="ArgumentException">A token is out of range.</exception>
    public static RecurrentBatch Create(Tensor inputs, Tensor? targets, Tensor? positions, int vocabularySize)
    {
        RecurrentBatch batch = new((int)inputs.shape[0], (int)inputs.shape[1]);
        Copy(inputs, batch, (to, token) =>
        {
            if ((ulong)token >= (ulong)vocabularySize)
                throw new ArgumentException($"Token {token} is not below {vocabularySize}.");
            batch.Inputs[to] = (int)token;
        });
        if (targets is null)
            Array.Fill(batch.Targets, TrainableModel.IgnoredTarget);
        else
            Copy(targets, batch, (to, target) => batch.Targets[to] = target);
        if (positions is not null)
        {
            bool[] starts = new bool[batch.TokenCount];
            Copy(positions, batch, (to, position) => starts[to] = position == 0);
            batch.Starts = starts.Contains(true) ? starts : null;
        }

        return batch;
    }

    /// <summary>Whether any of the rows begins anew at that step.</summary>
    public bool AnyStarts(int step, int begin, int end) =>
        Starts is not null && Starts.AsSpan((step * Rows) + begin, end - begin).Contains(true);

    private static void Copy(Tensor source, RecurrentBatch batch, Action<int, long> store)
    {
        using Tensor here = source.cpu();
        using Tensor plain = here.contiguous();
        ReadOnlySpan<long> values = new(StableAbi.Data(plain), batch.TokenCount);
        for (int row = 0; row < batch.Rows; row++)
            for (int step = 0; step < batch.Length; step++)
                store((step * batch.Rows) + row, values[(row * batch.Length) + step]);
    }
}
