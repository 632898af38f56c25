namespace Ashlar.Training.Schedules;

/// <summary>
/// The learning rate of each step, counted from 0. All schedules begin with a linear warm-up: step s of w has rate
/// peak · (s + 1) / w, so that the first step already learns and the last one of the warm-up has the peak.
/// </summary>
/// <param name="Peak">Highest rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up; 0 for none.</param>
public abstract record LearningRateSchedule(double Peak, long WarmupSteps)
{
    /// <summary>The rate of a step.</summary>
    public double At(long step) =>
        step < WarmupSteps ? Peak * (step + 1) / WarmupSteps : AfterWarmup(step);

    /// <summary>The rate of a step that is not part of the warm-up.</summary>
    protected abstract double AfterWarmup(long step);

    /// <summary>How far a step is from one step to another, between 0 and 1.</summary>
    protected static double Progress(long step, long from, long to) =>
        to <= from ? 1 : Math.Clamp((double)(step - from) / (to - from), 0, 1);
}

/// <summary>The peak throughout.</summary>
/// <param name="Peak">Highest rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up; 0 for none.</param>
public sealed record ConstantSchedule(double Peak, long WarmupSteps) : LearningRateSchedule(Peak, WarmupSteps)
{
    /// <inheritdoc/>
    protected override double AfterWarmup(long step) => Peak;
}

/// <summary>A straight line from the peak to the final rate, which <paramref name="TotalSteps"/> and all later steps have.</summary>
/// <param name="Peak">Highest rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up; 0 for none.</param>
/// <param name="TotalSteps">Where the line ends.</param>
/// <param name="FinalFraction">Final rate over peak.</param>
public sealed record LinearSchedule(double Peak, long WarmupSteps, long TotalSteps, double FinalFraction = 0)
    : LearningRateSchedule(Peak, WarmupSteps)
{
    /// <inheritdoc/>
    protected override double AfterWarmup(long step) =>
        Peak * (1 - ((1 - FinalFraction) * Progress(step, WarmupSteps, TotalSteps)));
}

/// <summary>
/// Half a cosine from the peak to the final rate (Loshchilov and Hutter, "SGDR", 2017, equation 5, without restarts), which
/// <paramref name="TotalSteps"/> and all later steps have.
/// </summary>
/// <param name="Peak">Highest rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up; 0 for none.</param>
/// <param name="TotalSteps">Where the half cosine ends.</param>
/// <param name="FinalFraction">Final rate over peak.</param>
public sealed record CosineSchedule(double Peak, long WarmupSteps, long TotalSteps, double FinalFraction = 0.1)
    : LearningRateSchedule(Peak, WarmupSteps)
{
    /// <inheritdoc/>
    protected override double AfterWarmup(long step) =>
        Peak * (FinalFraction + ((1 - FinalFraction) * 0.5 * (1 + Math.Cos(Math.PI * Progress(step, WarmupSteps, TotalSteps)))));
}

/// <summary>
/// Warm-up, stable, decay (Hu et al., "MiniCPM", 2024, section 4): the peak until the last part of the steps, then a straight line
/// down. A run can be prolonged from any point of the stable part.
/// </summary>
/// <param name="Peak">Highest rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up; 0 for none.</param>
/// <param name="TotalSteps">Where the decay ends.</param>
/// <param name="DecaySteps">Steps of the decay, before <paramref name="TotalSteps"/>.</param>
/// <param name="FinalFraction">Final rate over peak.</param>
public sealed record WarmupStableDecaySchedule(double Peak, long WarmupSteps, long TotalSteps, long DecaySteps, double FinalFraction = 0)
    : LearningRateSchedule(Peak, WarmupSteps)
{
    /// <inheritdoc/>
    protected override double AfterWarmup(long step) =>
        Peak * (1 - ((1 - FinalFraction) * Progress(step, Math.Max(WarmupSteps, TotalSteps - DecaySteps), TotalSteps)));
}

/// <summary>
/// Proportional to the inverse square root of the step (Vaswani et al. 2017, section 5.3): peak · sqrt(w / (s + 1)) at step s after a
/// warm-up of w.
/// </summary>
/// <param name="Peak">Highest rate.</param>
/// <param name="WarmupSteps">Steps of the warm-up; 0 for none.</param>
public sealed record InverseSquareRootSchedule(double Peak, long WarmupSteps) : LearningRateSchedule(Peak, WarmupSteps)
{
    /// <inheritdoc/>
    protected override double AfterWarmup(long step) => Peak * Math.Sqrt(Math.Max(1, WarmupSteps) / (step + 1.0));
}
