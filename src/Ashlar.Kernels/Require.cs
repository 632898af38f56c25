using System.Runtime.CompilerServices;

namespace Ashlar.Kernels;

/// <summary>Checks of sizes at the entry of a kernel; inside it nothing is checked.</summary>
internal static class Require
{
    public static void SameLength(
        int left,
        int right,
        [CallerArgumentExpression(nameof(left))] string leftName = "",
        [CallerArgumentExpression(nameof(right))] string rightName = "")
    {
        if (left != right)
            throw new ArgumentException($"{leftName} ({left}) and {rightName} ({right}) must be equal.");
    }

    public static void AtLeast(
        int actual,
        long needed,
        [CallerArgumentExpression(nameof(actual))] string actualName = "",
        [CallerArgumentExpression(nameof(needed))] string neededName = "")
    {
        if (actual < needed)
            throw new ArgumentException($"{actualName} ({actual}) must be at least {neededName} ({needed}).");
    }
}
