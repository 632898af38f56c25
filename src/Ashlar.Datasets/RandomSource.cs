using System.Numerics;
using System.Text.Json.Nodes;

namespace Ashlar.Datasets;

/// <summary>
/// xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64. Ours rather than the library's because its whole state is
/// four numbers that go into a checkpoint, and its sequence never changes between versions of .NET.
/// </summary>
public sealed class RandomSource
{
    private readonly ulong[] _state = new ulong[4];

    /// <summary>Starts the sequence of a seed.</summary>
    public RandomSource(long seed)
    {
        ulong x = (ulong)seed;
        for (int i = 0; i < 4; i++)
        {
            x += 0x9E3779B97F4A7C15;
            ulong z = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            _state[i] = z ^ (z >> 31);
        }
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(_state[1] * 5, 7) * 9;
        ulong t = _state[1] << 17;
        _state[2] ^= _state[0];
        _state[3] ^= _state[1];
        _state[1] ^= _state[2];
        _state[0] ^= _state[3];
        _state[2] ^= t;
        _state[3] = BitOperations.RotateLeft(_state[3], 45);
        return result;
    }

    /// <summary>A whole number from 0 to <paramref name="bound"/> - 1, without bias (Lemire 2019).</summary>
    public long Next(long bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        ulong range = (ulong)bound;
        ulong high = Math.BigMul(NextBits(), range, out ulong low);
        if (low < range)
        {
            ulong threshold = (0 - range) % range;
            while (low < threshold)
                high = Math.BigMul(NextBits(), range, out low);
        }

        return (long)high;
    }

    /// <summary>Shuffles in place (Fisher and Yates).</summary>
    public void Shuffle(Span<int> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = (int)Next(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    /// <summary>The state, for a checkpoint.</summary>
    public JsonArray Save() => [.. _state.Select(word => (JsonNode)word.ToString(System.Globalization.CultureInfo.InvariantCulture))];

    /// <summary>Continues from a saved state.</summary>
    public void Restore(JsonArray saved)
    {
        for (int i = 0; i < 4; i++)
            _state[i] = ulong.Parse(saved[i]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
