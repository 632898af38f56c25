using Ashlar.Training.Models;
using Ashlar.Training.Optimizers;
using Ashlar.Training.Recipes;
using Ashlar.Training.Schedules;

namespace Ashlar.Training.Loop;

/// <summary>Turns a recipe's optimizer and schedule into objects.</summary>
internal static class OptimizerChoice
{
    public static IOptimizer Optimizer(OptimizerRecipe recipe, IReadOnlyList<NamedParameter> parameters)
    {
        AdamWOptions adamW = new()
        {
            Beta1 = recipe.Beta1,
            Beta2 = recipe.Beta2,
            Epsilon = recipe.Epsilon,
            WeightDecay = recipe.WeightDecay,
        };
        return recipe.Kind switch
        {
            OptimizerKind.AdamW => new AdamW(parameters, adamW),
            OptimizerKind.Sgd => new StochasticGradientDescent(parameters, recipe.Momentum),
            _ => new Muon(parameters, new MuonOptions
            {
                Momentum = recipe.MuonMomentum,
                LearningRateRatio = recipe.MuonLearningRate / recipe.LearningRate,
                WeightDecay = recipe.WeightDecay,
                AdamW = adamW,
            }),
        };
    }

    public static LearningRateSchedule Schedule(Recipe recipe)
    {
        double peak = recipe.Optimizer.LearningRate;
        ScheduleRecipe schedule = recipe.Schedule;
        int steps = recipe.Training.Steps;
        return schedule.Kind switch
        {
            ScheduleKind.Cosine => new CosineSchedule(peak, schedule.WarmupSteps, steps, schedule.FinalFraction),
            ScheduleKind.Linear => new LinearSchedule(peak, schedule.WarmupSteps, steps, schedule.FinalFraction),
            ScheduleKind.Wsd => new WarmupStableDecaySchedule(peak, schedule.WarmupSteps, steps, (long)(steps * schedule.DecayFraction), schedule.FinalFraction),
            ScheduleKind.InverseSquareRoot => new InverseSquareRootSchedule(peak, schedule.WarmupSteps),
            _ => new ConstantSchedule(peak, schedule.WarmupSteps),
        };
    }
}
