using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ashlar.Evaluation;

/// <summary>What a text costs under a model. Natural logarithms throughout; a token of probability 0 makes the costs infinite.</summary>
public sealed record PerplexityResult
{
    /// <summary>What was measured: a model or a baseline.</summary>
    public required string Name { get; init; }

    /// <summary>Sum of the negative log-probabilities of all scored tokens, special ones included.</summary>
    public required double Nats { get; init; }

    /// <summary>Number of scored tokens, special ones included.</summary>
    public required long TokenCount { get; init; }

    /// <summary>Sum of the negative log-probabilities of the scored tokens that are text.</summary>
    public required double TextNats { get; init; }

    /// <summary>Number of scored tokens that are text.</summary>
    public required long TextTokenCount { get; init; }

    /// <summary>Bytes of UTF-8 that the scored tokens stand for; special ones stand for none.</summary>
    public required long ByteCount { get; init; }

    /// <summary>
    /// Tokens read at most before the model was started anew; 0 for a baseline without a past, <see cref="int.MaxValue"/>
    /// where documents were read whole.
    /// </summary>
    public required int WindowLength { get; init; }

    /// <summary>Tokens between the starts of two windows; 0 for a baseline without a past.</summary>
    public required int Stride { get; init; }

    /// <summary>Mean cost of a token, special ones included: the loss of training.</summary>
    public double NatsPerToken => Nats / TokenCount;

    /// <summary>exp of <see cref="NatsPerToken"/>.</summary>
    public double Perplexity => Math.Exp(NatsPerToken);

    /// <summary>Cost of the text in bits for each byte; special tokens count on neither side. Comparable between tokenizers.</summary>
    public double BitsPerByte => TextNats / Math.Log(2) / ByteCount;

    /// <summary>The result as a JSON object; infinite numbers are the strings "Infinity" and "NaN".</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PerplexityJson.Default.PerplexityResult);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Not such an object.</exception>
    public static PerplexityResult FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PerplexityJson.Default.PerplexityResult)
                ?? throw new InvalidDataException("A perplexity result was expected, not null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"Not a perplexity result: {error.Message}", error);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(PerplexityResult))]
internal sealed partial class PerplexityJson : JsonSerializerContext;
