namespace Ashlar.Inference.Decoding;

/// <summary>The only source of chance in decoding.</summary>
public abstract class RandomSource
{
    /// <summary>A number from 0 (included) to 1 (excluded).</summary>
    public abstract double NextUnit();
}
