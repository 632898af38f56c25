namespace Ashlar.Training.NGrams;

/// <summary>Sorts 64-bit keys with a 32-bit companion each, digit by digit from the lowest (Knuth, volume 3, section 5.2.5).</summary>
internal static class RadixSort
{
    private const int DigitBits = 11; // 2,048 open write streams still fit the caches
    private const int Digits = 1 << DigitBits;

    /// <summary>Sorts the first <paramref name="count"/> pairs by key; pairs with equal keys stay in order.</summary>
    /// <param name="keys">Keys, sorted on return.</param>
    /// <param name="companions">Moved along with the keys.</param>
    /// <param name="otherKeys">Working memory, at least as long.</param>
    /// <param name="otherCompanions">Working memory, at least as long.</param>
    /// <param name="count">Number of pairs.</param>
    /// <param name="bits">Bits above which all keys are zero.</param>
    public static void Sort(ref ulong[] keys, ref int[] companions, ref ulong[] otherKeys, ref int[] otherCompanions, int count, int bits)
    {
        int[] places = new int[Digits];
        for (int shift = 0; shift < bits; shift += DigitBits)
        {
            Array.Clear(places);
            foreach (ulong key in keys.AsSpan(0, count))
                places[(int)(key >> shift) & (Digits - 1)]++;
            int place = 0;
            for (int digit = 0; digit < Digits; digit++)
                (places[digit], place) = (place, place + places[digit]);
            for (int i = 0; i < count; i++)
            {
                int to = places[(int)(keys[i] >> shift) & (Digits - 1)]++;
                otherKeys[to] = keys[i];
                otherCompanions[to] = companions[i];
            }

            (keys, otherKeys) = (otherKeys, keys);
            (companions, otherCompanions) = (otherCompanions, companions);
        }
    }
}
