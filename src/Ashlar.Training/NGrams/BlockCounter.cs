using System.Numerics;

namespace Ashlar.Training.NGrams;

/// <summary>
/// Counts the n-grams of a block order by order. An n-gram is the number of its context among the sorted n-grams of the
/// order below, and its last token: two numbers in one 64-bit key, however long the n-gram is. Sorting the keys counts an order and
/// numbers its n-grams for the next one.
/// </summary>
internal sealed class BlockCounter(int order, int vocabularySize, int capacity)
{
    private ulong[] _keys = new ulong[capacity], _otherKeys = new ulong[capacity];
    private int[] _positions = new int[capacity], _otherPositions = new int[capacity];
    private uint[] _numbers = new uint[capacity], _nextNumbers = new uint[capacity];

    /// <summary>Adds up the first order and writes a run for each order above.</summary>
    /// <param name="block">The block.</param>
    /// <param name="unigrams">[vocabulary], added to.</param>
    /// <param name="newRun">Makes the run of an order.</param>
    public SortedRun[] Count(TokenBlock block, uint[] unigrams, Func<int, SortedRun> newRun)
    {
        int[] tokens = block.Tokens;
        for (int i = 0; i < block.Count; i++)
        {
            unigrams[tokens[i]] = checked(unigrams[tokens[i]] + block.Weights[i]);
            _numbers[i] = (uint)tokens[i];
        }

        SortedRun[] runs = new SortedRun[order - 1];
        int tokenBits = Bits((uint)vocabularySize - 1);
        uint contexts = (uint)vocabularySize;
        for (int n = 2; n <= order; n++)
        {
            int count = 0;
            for (int i = n - 1; i < block.Count; i++)
            {
                if (block.Depths[i] < n - 1)
                    continue;
                _keys[count] = ((ulong)_numbers[i - 1] << tokenBits) | (uint)tokens[i];
                _positions[count++] = i;
            }

            RadixSort.Sort(ref _keys, ref _positions, ref _otherKeys, ref _otherPositions, count, tokenBits + Bits(Math.Max(contexts, 1) - 1));
            SortedRun run = newRun(n);
            runs[n - 2] = run;
            Number(block, count, tokenBits, run);
            run.Finish();
            contexts = run.Count;
            (_numbers, _nextNumbers) = (_nextNumbers, _numbers);
        }

        return runs;
    }

    private void Number(TokenBlock block, int count, int tokenBits, SortedRun run)
    {
        ulong mask = (1UL << tokenBits) - 1;
        for (int i = 0; i < count;)
        {
            ulong key = _keys[i];
            uint number = run.Count, occurrences = 0;
            for (; i < count && _keys[i] == key; i++)
            {
                occurrences += block.Weights[_positions[i]];
                _nextNumbers[_positions[i]] = number;
            }

            run.Add((key >> tokenBits << 32) | (key & mask), occurrences);
        }
    }

    private static int Bits(uint largest) => 32 - BitOperations.LeadingZeroCount(largest);
}
