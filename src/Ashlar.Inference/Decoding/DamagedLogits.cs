namespace Ashlar.Inference.Decoding;

/// <summary>A model's row of logits from which no token can be chosen, because some are not numbers.</summary>
internal static class DamagedLogits
{
    /// <summary>Refuses a row by the logarithm of the sum of its exponentials, which is no number if one of the logits is none.</summary>
    /// <exception cref="InvalidDataException">The sum is NaN or infinite.</exception>
    public static void Refuse(double total)
    {
        if (!double.IsFinite(total))
            throw Error();
    }

    /// <summary>What is said of the model.</summary>
    public static InvalidDataException Error() => new("the model's logits are not numbers; its weights are damaged.");
}
