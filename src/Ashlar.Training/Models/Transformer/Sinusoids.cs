namespace Ashlar.Training.Models.Transformer;

/// <summary>Sinusoidal positions (Vaswani et al. 2017, section 3.5), sines in the first half and cosines in the second, as Marian.</summary>
internal static class Sinusoids
{
    /// <summary>[length, width]: sin(p · 10000^(-2i/width)) at i and the cosine at width/2 + i, for i below width/2.</summary>
    public static float[] Table(int length, int width)
    {
        int half = width / 2;
        float[] table = new float[(long)length * width];
        for (int i = 0; i < half; i++)
        {
            double frequency = Math.Pow(10_000, -2.0 * i / width);
            for (int position = 0; position < length; position++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequency);
                table[(position * width) + i] = (float)sine;
                table[(position * width) + half + i] = (float)cosine;
            }
        }

        return table;
    }
}
