namespace Ashlar.Kernels;

/// <summary>
/// Constants of exp in single precision: x = n ln 2 + r, and exp(r) by the polynomial of Moshier's Cephes library (expf), whose error is
/// below one unit of the last place for |r| up to ln 2 / 2.
/// </summary>
internal static class FloatExp
{
    public const float Log2E = 1.44269504f;

    /// <summary>1.5 * 2^23: adding it rounds to an integer, which then lies in the low bits.</summary>
    public const float Rounder = 12582912f;

    public const float Ln2High = 0.693359375f;

    public const float Ln2Low = -2.12194440e-4f;

    public const float C6 = 1.9875691500e-4f;

    public const float C5 = 1.3981999507e-3f;

    public const float C4 = 8.3334519073e-3f;

    public const float C3 = 4.1665795894e-2f;

    public const float C2 = 1.6666665459e-1f;

    public const float C1 = 5.0000001201e-1f;

    /// <summary>Below it the power of two leaves the exponent's range.</summary>
    public const float Smallest = -87;
}
