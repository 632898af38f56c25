using System.Text.Json.Nodes;

namespace Ashlar.Datasets.Batches;

/// <summary>Rows that start anywhere in one long stream of tokens, as nanoGPT's <c>get_batch</c>.</summary>
public sealed class RandomCrops : IBatchSource
{
    private readonly ITokenStream _tokens;
    private readonly int[] _crop;
    private readonly int _rows;
    private readonly int _length;
    private readonly RandomSource _random;

    /// <summary>Crops of <paramref name="length"/> tokens and their successors, from memory.</summary>
    /// <exception cref="InvalidDataException">The text is shorter than one row.</exception>
    public RandomCrops(int[] tokens, int rows, int length, long seed)
        : this(new ArrayTokens(tokens), rows, length, seed)
    {
    }

    /// <summary>Crops of <paramref name="length"/> tokens and their successors, from memory or from shards.</summary>
    /// <exception cref="InvalidDataException">The text is shorter than one row.</exception>
    public RandomCrops(ITokenStream tokens, int rows, int length, long seed)
    {
        if (tokens.TokenCount < length + 1)
            throw new InvalidDataException($"the training text has {tokens.TokenCount} tokens; expected at least {length + 1} for rows of {length}.");
        _tokens = tokens;
        _crop = new int[length + 1];
        _rows = rows;
        _length = length;
        _random = new RandomSource(seed);
    }

    /// <inheritdoc/>
    public TokenBatch Next()
    {
        long[] inputs = new long[_rows * _length];
        long[] targets = new long[_rows * _length];
        for (int row = 0; row < _rows; row++)
        {
            _tokens.CopyTo(_random.Next(_tokens.TokenCount - _length), _crop);
            for (int i = 0; i < _length; i++)
            {
                inputs[row * _length + i] = _crop[i];
                targets[row * _length + i] = _crop[i + 1];
            }
        }

        return new TokenBatch { Rows = _rows, Length = _length, Inputs = inputs, Targets = targets };
    }

    /// <inheritdoc/>
    public JsonObject SaveState() => new() { ["random"] = _random.Save() };

    /// <inheritdoc/>
    public void RestoreState(JsonObject state) => _random.Restore(state["random"]!.AsArray());
}
