using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>
/// Cosines and sines of rotary position embedding (Su et al., "RoFormer", 2021, section 3.2.2) in Hugging Face's layout: component i of
/// a head is paired with component i + width/2 and turned by position · theta^(-2i/width).
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    public RotaryTable(DecoderConfiguration configuration, Device device)
        : this(configuration.ContextLength, configuration.HeadWidth, i => Frequency(configuration, i), device)
    {
    }

    /// <param name="length">Number of positions.</param>
    /// <param name="headWidth">Width of a head.</param>
    /// <param name="theta">Base of the frequencies.</param>
    /// <param name="device">Where the table goes.</param>
    public RotaryTable(int length, int headWidth, double theta, Device device)
        : this(length, headWidth, i => Math.Pow(theta, -2.0 * i / headWidth), device)
    {
    }

    private RotaryTable(int length, int headWidth, Func<int, double> frequencyOf, Device device)
    {
        int half = headWidth / 2;
        float[] cosines = new float[length * half];
        float[] sines = new float[length * half];
        for (int i = 0; i < half; i++)
        {
            double frequency = frequencyOf(i);
            for (int position = 0; position < length; position++)
            {
                cosines[(position * half) + i] = (float)Math.Cos(position * frequency);
                sines[(position * half) + i] = (float)Math.Sin(position * frequency);
            }
        }

        long[] shape = [length, half];
        Cosines = tensor(cosines, shape, device: device).DetachFromDisposeScope();
        Sines = tensor(sines, shape, device: device).DetachFromDisposeScope();
    }

    /// <summary>[context, head width / 2].</summary>
    public Tensor Cosines { get; }

    /// <summary>[context, head width / 2].</summary>
    public Tensor Sines { get; }

    /// <summary>Cosines and sines of each token, [rows or 1, 1, length, head width / 2].</summary>
    public (Tensor Cosines, Tensor Sines) At(Tensor? positions, long length) =>
        positions is null
            ? (Cosines.narrow(0, 0, length).view(1, 1, length, -1), Sines.narrow(0, 0, length).view(1, 1, length, -1))
            : (Cosines[positions].unsqueeze(1), Sines[positions].unsqueeze(1));

    /// <summary>Turns heads, [rows, heads, length, head width].</summary>
    public static Tensor Rotate(Tensor heads, Tensor cosines, Tensor sines)
    {
        Tensor[] halves = heads.chunk(2, dim: -1);
        return cat([(halves[0] * cosines) - (halves[1] * sines), (halves[1] * cosines) + (halves[0] * sines)], dim: -1);
    }

    public void Dispose()
    {
        Cosines.Dispose();
        Sines.Dispose();
    }

    // Llama 3 leaves short wavelengths alone, divides long ones by the factor, and goes smoothly from one to the other between.
    private static double Frequency(DecoderConfiguration configuration, int i)
    {
        double frequency = Math.Pow(configuration.RopeTheta, -2.0 * i / configuration.HeadWidth);
        if (configuration.RopeScaling is not { } scaling)
            return frequency;
        double turns = scaling.OriginalContextLength * frequency / (2 * Math.PI);
        double kept = Math.Clamp(
            (turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor), 0, 1);
        return frequency * (kept + ((1 - kept) / scaling.Factor));
    }
}
