namespace Ashlar.Inference.Decoding;

/// <summary>
/// How the next token is chosen. Applied in this order, each step on what the one before left:
/// repetition penalty, presence and frequency penalties, temperature, top-k, top-p, min-p, draw. At temperature 0 the
/// most likely token after the penalties is taken and the rest does not matter.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Always the most likely token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divisor of the logits; 0 takes the most likely token.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Number of tokens to keep; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Probability mass to keep; 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Share of the largest probability that a token must reach; 0 keeps all.</summary>
    public double MinP { get; init; }

    /// <summary>Divisor (or factor, of negative logits) for tokens of the history; 1 for none.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Tokens of the history that the repetition penalty looks back on; 0 for all.</summary>
    public int RepetitionWindow { get; init; }

    /// <summary>Subtracted once from the logit of each generated token; 0 for none.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit for each time it was generated; 0 for none.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Seed of the draws (<see cref="Xoshiro256"/>); null for a different one each time.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InvalidDataException">A value is out of range; the sentence names it.</exception>
    public void Validate()
    {
        Check(Temperature is >= 0 and < double.PositiveInfinity, "temperature", Temperature, "0 or more");
        Check(TopK >= 0, "top-k", TopK, "0 (off) or more");
        Check(TopP is > 0 and <= 1, "top-p", TopP, "above 0 and at most 1");
        Check(MinP is >= 0 and <= 1, "min-p", MinP, "from 0 to 1");
        Check(RepetitionPenalty is > 0 and < double.PositiveInfinity, "repetition penalty", RepetitionPenalty, "above 0");
        Check(RepetitionWindow >= 0, "repetition window", RepetitionWindow, "0 (everything) or more");
        Check(double.IsFinite(PresencePenalty), "presence penalty", PresencePenalty, "a number");
        Check(double.IsFinite(FrequencyPenalty), "frequency penalty", FrequencyPenalty, "a number");

        static void Check(bool right, string name, double value, string expected)
        {
            if (!right)
                throw new InvalidDataException($"{name} is {value}; expected {expected}.");
        }
    }
}
