namespace Ashlar.Kernels.Tests;

public sealed unsafe class AttentionTrainingTests
{
    [Theory]
    [InlineData(1, 1, 8)]
    [InlineData(5, 12, 8)]
    [InlineData(40, 3, 16)]
    [InlineData(33, 64, 40)]
    public void Every_query_sees_every_key_whatever_was_there_before(int queries, int keys, int width)
    {
        float scale = 1 / MathF.Sqrt(width);
        Random random = new(queries);
        float[] q = Values(random, queries * width), k = Values(random, keys * width), v = Values(random, keys * width), up = Values(random, queries * width);
        double[] expected = new double[queries * width], dq = new double[queries * width], dk = new double[keys * width], dv = new double[keys * width];
        for (int i = 0; i < queries; i++)
        {
            double[] weights = [.. Enumerable.Range(0, keys).Select(j => Math.Exp(scale * Enumerable.Range(0, width).Sum(c => (double)q[i * width + c] * k[j * width + c])))];
            double sum = weights.Sum();
            double[] slopes = [.. Enumerable.Range(0, keys).Select(j => Enumerable.Range(0, width).Sum(c => (double)up[i * width + c] * v[j * width + c]))];
            double inner = Enumerable.Range(0, keys).Sum(j => weights[j] / sum * slopes[j]);
            for (int j = 0; j < keys; j++)
            {
                double weight = weights[j] / sum, slope = weight * (slopes[j] - inner) * scale;
                for (int c = 0; c < width; c++)
                {
                    expected[i * width + c] += weight * v[j * width + c];
                    dq[i * width + c] += slope * k[j * width + c];
                    dk[j * width + c] += slope * q[i * width + c];
                    dv[j * width + c] += weight * up[i * width + c];
                }
            }
        }

        // Memory for longer sentences, which a longer one has used before.
        using AttentionTraining attention = new(70, width);
        float[] noise = Values(random, 70 * width), output = new float[70 * width], sums = new float[70];
        float[] queryGradient = new float[70 * width], keyGradient = new float[70 * width], valueGradient = new float[70 * width];
        fixed (float* longer = noise, query = q, key = k, value = v, upstream = up, result = output, logSums = sums)
        fixed (float* ofQuery = queryGradient, ofKey = keyGradient, ofValue = valueGradient)
        {
            AttentionHead before = Head(longer, longer, longer) with { QueryCount = 70, KeyCount = 70 };
            attention.Forward(before, result, width, logSums);
            attention.Backward(before, result, longer, width, logSums, ofQuery, width, ofKey, ofValue, width);
            Array.Clear(keyGradient);
            Array.Clear(valueGradient);
            AttentionHead head = Head(query, key, value) with { QueryCount = queries, KeyCount = keys };
            attention.Forward(head, result, width, logSums);
            attention.Backward(head, result, upstream, width, logSums, ofQuery, width, ofKey, ofValue, width);
            Assert.Throws<ArgumentException>(() => Causal(attention, queries, keys == queries ? keys + 1 : keys));
        }

        Near(expected, output);
        Near(dq, queryGradient);
        Near(dk, keyGradient);
        Near(dv, valueGradient);

        AttentionHead Head(float* query, float* key, float* value) => new()
        {
            AllKeys = true,
            Query = query,
            Key = key,
            Value = value,
            QueryStride = width,
            KeyStride = width,
            ValueStride = width,
            Scale = scale,
        };

        static void Causal(AttentionTraining attention, int queries, int keys) => attention.Forward(
            new AttentionHead
            {
                QueryCount = queries,
                KeyCount = keys,
                Query = null,
                Key = null,
                Value = null,
                QueryStride = 0,
                KeyStride = 0,
                ValueStride = 0,
                Scale = 1,
            },
            null, 0, null);

        static void Near(double[] expected, float[] actual)
        {
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], actual[i], 1e-4);
        }
    }

    [Theory]
    [InlineData(1, 8, false, 0f)]
    [InlineData(7, 8, false, 0f)]
    [InlineData(33, 32, false, 0f)]
    [InlineData(40, 40, true, 0f)]
    [InlineData(70, 64, true, 0f)]
    [InlineData(37, 16, true, 0.25f)]
    public void Equals_its_formula_and_gradient(int length, int width, bool documents, float dropout)
    {
        const uint Seed = 99;
        int stride = 3 * width + 5, outputStride = width + 3;
        float scale = 1 / MathF.Sqrt(width);
        Random random = new(length);
        float[] joined = Values(random, length * stride), upstream = Values(random, length * outputStride);
        int[] firstKeys = [.. Enumerable.Range(0, length).Select(i => documents ? i / 11 * 11 : 0)];

        // softmax(q kᵀ scale), its dropout, and the gradients, in double.
        double[,] weights = new double[length, length], kept = new double[length, length];
        double Query(int i, int c) => joined[i * stride + c];
        double Key(int i, int c) => joined[i * stride + width + c];
        double Value(int i, int c) => joined[i * stride + 2 * width + c];
        double[] expected = new double[length * width], expectedSums = new double[length];
        double[] dq = new double[length * width], dk = new double[length * width], dv = new double[length * width];
        int padded = (length + 31) / 32 * 32;
        for (int i = 0; i < length; i++)
        {
            for (int j = firstKeys[i]; j <= i; j++)
                weights[i, j] = Math.Exp(Enumerable.Range(0, width).Sum(c => Query(i, c) * Key(j, c)) * scale);
            double sum = Enumerable.Range(0, length).Sum(j => weights[i, j]);
            expectedSums[i] = Math.Log(sum);
            for (int j = 0; j <= i; j++)
            {
                weights[i, j] /= sum;
                float[] choice = [1];
                Dropout.Apply(choice, dropout, Seed, (uint)(i * padded + j));
                kept[i, j] = choice[0];
                for (int c = 0; c < width; c++)
                    expected[i * width + c] += weights[i, j] * kept[i, j] * Value(j, c);
            }
        }

        for (int i = 0; i < length; i++)
        {
            double[] dp = [.. Enumerable.Range(0, length).Select(j => kept[i, j] * Enumerable.Range(0, width).Sum(c => upstream[i * outputStride + c] * Value(j, c)))];
            double inner = Enumerable.Range(0, length).Sum(j => dp[j] * weights[i, j]);
            for (int j = 0; j <= i; j++)
            {
                double ds = weights[i, j] * (dp[j] - inner) * scale;
                for (int c = 0; c < width; c++)
                {
                    dq[i * width + c] += ds * Key(j, c);
                    dk[j * width + c] += ds * Query(i, c);
                    dv[j * width + c] += weights[i, j] * kept[i, j] * upstream[i * outputStride + c];
                }
            }
        }

        using AttentionTraining attention = new(length, width);
        float[] output = new float[length * outputStride], sums = new float[length];
        float[] gradients = Values(random, length * stride), before = [.. gradients];
        fixed (float* data = joined, result = output, logSums = sums, up = upstream, gradient = gradients)
        fixed (int* first = firstKeys)
        {
            AttentionHead head = new()
            {
                Query = data,
                Key = data + width,
                Value = data + 2 * width,
                QueryStride = stride,
                KeyStride = stride,
                ValueStride = stride,
                Scale = scale,
                FirstKeys = documents ? first : null,
                Dropout = dropout,
                DropoutSeed = Seed,
            };
            for (int pass = 0; pass < 2; pass++) // working memory must not remember
            {
                attention.Forward(head, result, outputStride, logSums);
                before.CopyTo(gradients, 0);
                attention.Backward(head, result, up, outputStride, logSums, gradient, stride, gradient + width, gradient + 2 * width, stride);
            }
        }

        for (int i = 0; i < length; i++)
        {
            Assert.Equal(expectedSums[i], sums[i], 1e-5);
            for (int c = 0; c < width; c++)
            {
                Assert.Equal(expected[i * width + c], output[i * outputStride + c], 1e-5);
                Assert.Equal(dq[i * width + c], gradients[i * stride + c], 1e-5);
                Assert.Equal(dk[i * width + c] + before[i * stride + width + c], gradients[i * stride + width + c], 2e-5);
                Assert.Equal(dv[i * width + c] + before[i * stride + 2 * width + c], gradients[i * stride + 2 * width + c], 2e-5);
            }
        }
    }

    private static float[] Values(Random random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (float)(2 * random.NextDouble() - 1))];
}
