using System.Globalization;

namespace Ashlar.Evaluation.Translation;

/// <summary>How BLEU is computed; the defaults are sacreBLEU's.</summary>
public sealed record BleuOptions
{
    /// <summary>How lines become words.</summary>
    public BleuTokenizer Tokenizer { get; init; } = BleuTokenizer.Mteval13a;

    /// <summary>Compare without letter case.</summary>
    public bool Lowercase { get; init; }

    /// <summary>What stands for a precision of zero.</summary>
    public BleuSmoothing Smoothing { get; init; } = BleuSmoothing.Exponential;

    /// <summary>The amount for <see cref="BleuSmoothing.Floor"/> (0.1 by default) and <see cref="BleuSmoothing.AddK"/> (1).</summary>
    public double? SmoothingValue { get; init; }

    /// <summary>Longest n-gram.</summary>
    public int MaximumOrder { get; init; } = 4;

    /// <summary>Leave out orders that the hypothesis is too short for: meant for single sentences.</summary>
    public bool EffectiveOrder { get; init; }

    /// <summary>The amount in use, null where the method has none.</summary>
    internal double? Amount => Smoothing switch
    {
        BleuSmoothing.Floor => SmoothingValue ?? 0.1,
        BleuSmoothing.AddK => SmoothingValue ?? 1,
        _ => null,
    };

    /// <summary>Everything that decides the figure, in sacreBLEU's form and order.</summary>
    internal string Signature(int references)
    {
        string smooth = Smoothing switch
        {
            BleuSmoothing.Exponential => "exp",
            BleuSmoothing.Floor => "floor",
            BleuSmoothing.AddK => "add-k",
            _ => "none",
        };
        if (Amount is { } amount)
            smooth += string.Create(CultureInfo.InvariantCulture, $"[{amount:F2}]");
        return ScoreSignature.Of(references, $"case:{(Lowercase ? "lc" : "mixed")}|eff:{(EffectiveOrder ? "yes" : "no")}|tok:{BleuTokenizers.Name(Tokenizer)}|smooth:{smooth}");
    }
}
