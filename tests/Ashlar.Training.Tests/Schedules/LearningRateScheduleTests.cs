using Ashlar.Training.Schedules;

namespace Ashlar.Training.Tests.Schedules;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Cosine() => Rates(
        new CosineSchedule(Peak: 1e-3, WarmupSteps: 10, TotalSteps: 110, FinalFraction: 0.1),
        (0, 1e-4), (9, 1e-3), (10, 1e-3), (35, 8.681980515339464e-4), (60, 5.5e-4), (109, 1.0022204783542078e-4), (110, 1e-4), (111, 1e-4));

    [Fact]
    public void Linear() => Rates(
        new LinearSchedule(Peak: 2e-3, WarmupSteps: 4, TotalSteps: 24, FinalFraction: 0.5),
        (0, 5e-4), (3, 2e-3), (4, 2e-3), (14, 1.5e-3), (23, 1.05e-3), (24, 1e-3), (25, 1e-3));

    [Fact]
    public void Constant() => Rates(
        new ConstantSchedule(Peak: 3e-4, WarmupSteps: 2), (0, 1.5e-4), (1, 3e-4), (2, 3e-4), (1_000_000, 3e-4));

    [Fact]
    public void WarmupStableDecay() => Rates(
        new WarmupStableDecaySchedule(Peak: 1e-2, WarmupSteps: 5, TotalSteps: 100, DecaySteps: 20, FinalFraction: 0.1),
        (0, 2e-3), (4, 1e-2), (5, 1e-2), (79, 1e-2), (80, 1e-2), (90, 5.5e-3), (99, 1.45e-3), (100, 1e-3), (101, 1e-3));

    [Fact]
    public void InverseSquareRoot() => Rates(
        new InverseSquareRootSchedule(Peak: 1e-3, WarmupSteps: 100),
        (0, 1e-5), (99, 1e-3), (100, 9.95037190209989e-4), (399, 5e-4), (9999, 1e-4));

    [Fact]
    public void WithoutWarmupTheFirstStepHasThePeak()
    {
        Assert.Equal(1, new CosineSchedule(1, 0, 10).At(0));
        Assert.Equal(1, new InverseSquareRootSchedule(1, 0).At(0));
    }

    // Compared to within a few units in the last place: the values are exact only as real numbers.
    private static void Rates(LearningRateSchedule schedule, params (long Step, double Rate)[] expected)
    {
        foreach ((long step, double rate) in expected)
            Assert.Equal(rate, schedule.At(step), rate * 1e-12);
    }
}
