namespace Ashlar.Inference.Decoding;

/// <summary>What a hypothesis's log-probability is divided by, so that short and long ones can be compared.</summary>
public enum LengthNormalization
{
    /// <summary>length^penalty.</summary>
    Power,

    /// <summary>((5 + length) / 6)^penalty (Wu et al. 2016, equation 14).</summary>
    Google,
}
