namespace Ashlar.Shared.Gguf;

/// <summary>One tensor of a GGUF file: where it lies and how its bytes are to be read.</summary>
/// <param name="Name">The name, unique in the file.</param>
/// <param name="Type">The element type.</param>
/// <param name="Dimensions">ggml order, fastest-varying first: a matrix of r rows of c columns is [c, r].</param>
/// <param name="FileOffset">Offset of the first byte from the start of the file.</param>
/// <param name="ByteCount">Length in bytes.</param>
internal sealed record GgufTensorInfo(string Name, GgmlType Type, long[] Dimensions, long FileOffset, long ByteCount);
