namespace Ashlar.Inference.Models;

/// <summary>Sees a graph's intermediate values as they are computed, so that they can be compared with another engine's.</summary>
/// <param name="layer">Index of the block, or -1 outside the blocks.</param>
/// <param name="name">What was computed; the graph's files name their values.</param>
/// <param name="values">[rows, width] of the rows in hand.</param>
internal delegate void ActivationObserver(int layer, string name, ReadOnlySpan<float> values);
