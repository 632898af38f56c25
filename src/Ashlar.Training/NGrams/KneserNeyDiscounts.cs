namespace Ashlar.Training.NGrams;

/// <summary>Discounts from the numbers of n-grams that occur once, twice, three and four times.</summary>
internal static class KneserNeyDiscounts
{
    /// <summary>Used where a text is too small to estimate from.</summary>
    private const double Otherwise = 0.5;

    /// <summary>D = n1 / (n1 + 2 n2), three times over (Ney, Essen and Kneser 1994).</summary>
    public static double[] One(ReadOnlySpan<long> countOfCounts)
    {
        double d = countOfCounts[1] == 0 ? Otherwise : countOfCounts[1] / (double)(countOfCounts[1] + (2 * countOfCounts[2]));
        // Without a count of two the quotient is 1, and nothing would be left for the n-grams that were seen.
        return countOfCounts[2] == 0 ? [Otherwise, Otherwise, Otherwise] : [d, d, d];
    }

    /// <summary>D_i = i - (i + 1) Y n_{i+1} / n_i with Y = n1 / (n1 + 2 n2) (Chen and Goodman 1999, equation 26).</summary>
    public static double[] Three(ReadOnlySpan<long> countOfCounts)
    {
        double[] one = One(countOfCounts);
        if (countOfCounts[1] == 0 || countOfCounts[2] == 0)
            return one;
        double y = one[0];
        double[] three = new double[3];
        for (int i = 1; i <= 3; i++)
        {
            double d = countOfCounts[i] == 0 ? double.NaN : i - ((i + 1) * y * countOfCounts[i + 1] / countOfCounts[i]);
            three[i - 1] = d >= 0 && d <= i ? d : one[i - 1];
        }

        return three;
    }

    /// <summary>[5] how many of the counts are 0, 1, 2, 3, 4.</summary>
    public static long[] CountOfCounts(uint[] counts)
    {
        long[] result = new long[5];
        foreach (uint count in counts)
            if (count < 5)
                result[count]++;
        return result;
    }
}
