using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>What a parameter is, for choices that an optimizer makes by kind.</summary>
public enum ParameterKind
{
    /// <summary>A hidden weight matrix: multiplies activations.</summary>
    Matrix,

    /// <summary>A token or position embedding, or the output projection: one row for each token or position.</summary>
    Embedding,

    /// <summary>A bias or a norm's gain.</summary>
    Vector,
}

/// <summary>
/// A trainable tensor under its checkpoint name.
/// </summary>
/// <param name="Name">Hugging Face name.</param>
/// <param name="Value">fp32 master weights; a leaf that requires a gradient. Owned by the model.</param>
/// <param name="Kind">What it is.</param>
public sealed record NamedParameter(string Name, Tensor Value, ParameterKind Kind)
{
    /// <summary>Whether the matrix is stored as [in, out] (GPT-2's "Conv1D") and not as [out, in].</summary>
    public bool InputsFirst { get; init; }

    /// <summary>Matrices stored side by side along the output in this tensor (GPT-2's query, key and value: 3).</summary>
    public int Stacked { get; init; } = 1;

    /// <summary>The accumulated gradient, or null before the first backward pass. The caller disposes it.</summary>
    public Tensor? Gradient => Value.grad;
}
