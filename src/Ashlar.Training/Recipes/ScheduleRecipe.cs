using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>Learning rate over the steps.</summary>
public sealed record ScheduleRecipe
{
    /// <summary>Shape after the warm-up.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Steps of linear warm-up.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Last learning rate as a share of the peak.</summary>
    public double FinalFraction { get; init; } = 0.1;

    /// <summary>With <c>wsd</c>: the share of the steps, at the end, over which the rate decays.</summary>
    public double DecayFraction { get; init; } = 0.2;

    /// <summary>With <c>plateau</c>: what the rate is multiplied by.</summary>
    public double PlateauFactor { get; init; } = 0.5;

    /// <summary>With <c>plateau</c>: validations without a better score that are borne before the rate falls.</summary>
    public int PlateauPatience { get; init; }
}

/// <summary>Schedules.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScheduleKind>))]
public enum ScheduleKind
{
    /// <summary>Half a cosine to the final fraction.</summary>
    [JsonStringEnumMemberName("cosine")] Cosine,

    /// <summary>A line to the final fraction.</summary>
    [JsonStringEnumMemberName("linear")] Linear,

    /// <summary>The peak throughout.</summary>
    [JsonStringEnumMemberName("constant")] Constant,

    /// <summary>Warm-up, stable, decay.</summary>
    [JsonStringEnumMemberName("wsd")] Wsd,

    /// <summary>Proportional to the inverse square root of the step (Vaswani et al. 2017, section 5.3).</summary>
    [JsonStringEnumMemberName("inverse-square-root")] InverseSquareRoot,

    /// <summary>The peak until validation stops getting better; then times <see cref="ScheduleRecipe.PlateauFactor"/>, again and again.</summary>
    [JsonStringEnumMemberName("plateau")] Plateau,
}
