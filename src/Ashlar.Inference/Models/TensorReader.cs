namespace Ashlar.Inference.Models;

/// <summary>Reads a checkpoint's tensor as 32-bit floats.</summary>
/// <param name="name">Name in the checkpoint.</param>
/// <param name="destination">Receives every value, outermost dimension first; exactly as long as the tensor.</param>
internal delegate void TensorReader(string name, Span<float> destination);
