using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>Makes the decoder's first states from what the encoder made of the sources.</summary>
internal sealed class DecoderBridge
{
    private readonly RecurrentTranslationConfiguration _configuration;
    private readonly Linear? _dense;

    private DecoderBridge(RecurrentTranslationConfiguration configuration, Linear? dense) =>
        (_configuration, _dense) = (configuration, dense);

    public static DecoderBridge Load(RecurrentTranslationConfiguration c, TensorReader read)
    {
        if (c.Bridge != RecurrentBridge.Dense)
            return new(c, null);
        // One product for all layers, in the order of a state's values.
        string[] parts = c.Cell == RecurrentCell.Lstm ? ["hidden", "cell"] : ["hidden"];
        return new(c, Linear.FromOutputRows(
            read,
            c.MemoryWidth,
            [.. Enumerable.Range(0, c.DecoderLayerCount).SelectMany(layer => parts.Select(part =>
                ($"bridge.{part}.{layer}.weight", (string?)$"bridge.{part}.{layer}.bias", c.DecoderWidth)))]));
    }

    /// <param name="sources">What the encoder made.</param>
    /// <param name="sentence">Which sentence.</param>
    /// <param name="vector">[memory width]: its sentence vector.</param>
    /// <param name="size">Length of a state, of which what is fed back is the end.</param>
    public float[] Initial(EncodedSources sources, int sentence, ReadOnlySpan<float> vector, int size)
    {
        float[] values = new float[size];
        int width = _configuration.DecoderWidth, parts = _configuration.Cell.StateCount();
        if (_dense is not null)
        {
            _dense.Apply(vector, 1, values, WorkerPool.Single);
            for (int at = 0; at < _dense.OutputWidth; at += width)
                Tanh.Apply(values.AsSpan(at, width));
        }
        else if (_configuration.Bridge == RecurrentBridge.Copy)
        {
            for (int layer = 0; layer < _configuration.DecoderLayerCount; layer++)
                for (int part = 0; part < parts; part++)
                    sources.Final(sentence, layer, part).CopyTo(values.AsSpan((layer * parts + part) * width));
        }

        return values;
    }
}
