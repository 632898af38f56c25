using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Conversion;

/// <summary>What a conversion needs besides the model.</summary>
public sealed record ModelConversionOptions
{
    /// <summary>Element type to write: float32, bfloat16 or float16. Null keeps the source's, float32 where it is none of these.</summary>
    public TensorType? Type { get; init; }

    /// <summary>Path of a tokenizer, for formats that keep it apart, or to replace the source's.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Whether an Elman network of a state dict has tanh or ReLU, which its weights do not tell.</summary>
    public RecurrentCell ElmanCell { get; init; } = RecurrentCell.RnnTanh;
}
