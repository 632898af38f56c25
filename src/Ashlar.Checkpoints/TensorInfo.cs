namespace Ashlar.Checkpoints;

/// <summary>What a file says of one tensor.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Shape as text, <c>[768, 2304]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
