using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>One batch of tokens as the fused pass reads it.</summary>
internal sealed unsafe class FusedBatch
{
    private FusedBatch(int rows, int length)
    {
        (Rows, Length) = (rows, length);
        Inputs = new int[rows * length];
        Positions = new int[rows * length];
    }

    public int Rows { get; }

    public int Length { get; }

    public int TokenCount => Rows * Length;

    /// <summary>Token ids, [rows · length].</summary>
    public int[] Inputs { get; }

    /// <summary>Position of each token in its document.</summary>
    public int[] Positions { get; }

    /// <summary>For each token, where in its row its document begins; null when every row is one document.</summary>
    public int[]? FirstKeys { get; private set; }

    /// <summary>Probability of dropping, 0 outside training.</summary>
    public float Dropout { get; init; }

    /// <summary>Seed of all dropout in this pass.</summary>
    public uint Seed { get; init; }

    /// <summary>
    /// Copies and checks a batch.
    /// </summary>
    /// <returns>Null when a document's tokens do not stand together, which the fused attention can't express.</returns>
    /// <exception cref="ArgumentException">A token or position is out of range.</exception>
    public static FusedBatch? Create(Tensor inputs, Tensor? positions, Tensor? documents, int vocabularySize, int contextLength, float dropout)
    {
        FusedBatch batch = new((int)inputs.shape[0], (int)inputs.shape[1])
        {
            Dropout = dropout,
            Seed = dropout > 0 ? DropoutSeeds.Draw() : 0,
        };
        Copy(inputs, batch.Inputs, vocabularySize, "Token");
        if (positions is not null)
        {
            Copy(positions, batch.Positions, contextLength, "Position");
        }
        else
        {
            for (int token = 0; token < batch.TokenCount; token++)
                batch.Positions[token] = token % batch.Length;
        }

        return documents is null || batch.FindDocuments(documents) ? batch : null;
    }

    /// <summary>A seed for one use of dropout in this pass.</summary>
    public uint SeedOf(int layer, int use, int head = 0) => DropoutSeeds.Of(Seed, layer, use, head);

    private bool FindDocuments(Tensor documents)
    {
        using Tensor plain = documents.contiguous();
        ReadOnlySpan<long> indices = new(StableAbi.Data(plain), TokenCount);
        FirstKeys = new int[TokenCount];
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<long> line = indices.Slice(row * Length, Length);
            for (int i = 1; i < Length; i++)
            {
                bool begins = line[i] != line[i - 1];
                if (begins && line[..i].Contains(line[i]))
                    return false;
                FirstKeys[(row * Length) + i] = begins ? i : FirstKeys[(row * Length) + i - 1];
            }
        }

        return true;
    }

    private static void Copy(Tensor source, int[] destination, int limit, string what)
    {
        using Tensor plain = source.contiguous();
        ReadOnlySpan<long> values = new(StableAbi.Data(plain), destination.Length);
        for (int i = 0; i < values.Length; i++)
        {
            if ((ulong)values[i] >= (ulong)limit)
                throw new ArgumentException($"{what} {values[i]} is not below {limit}.");
            destination[i] = (int)values[i];
        }
    }
}
