using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Cli.Tour;

/// <summary>Where a tour runs and what its rungs share.</summary>
/// <param name="Folder">The tour's folder; each rung has its own run folder in it.</param>
/// <param name="Quick">The shortest form: every rung runs, none long enough to be good.</param>
/// <param name="Output">Where the story is told.</param>
/// <param name="Progress">Told how each training goes.</param>
/// <param name="Cancellation">Stops after the current step.</param>
internal sealed record TourContext(string Folder, bool Quick, TextWriter Output, ITrainingProgress Progress, CancellationToken Cancellation)
{
    /// <summary>The run folder of a rung.</summary>
    public string Run(string name) => Path.Combine(Folder, name);

    /// <summary>Trains a shipped recipe into a rung's folder.</summary>
    /// <param name="recipe">Name of the recipe, without its ending.</param>
    /// <param name="run">Name of the run folder.</param>
    /// <param name="overrides">Changes of every form of the tour.</param>
    /// <param name="quickOverrides">Changes of the shortest form.</param>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public TrainingResult Train(string recipe, string run, IReadOnlyList<string> overrides, IReadOnlyList<string> quickOverrides)
    {
        TrainingResult result = Trainer.Run(
            RecipeFile.Load(Path.Combine(ShippedRecipes.Folder, recipe + ".json"), [.. overrides, .. Quick ? quickOverrides : []]),
            new TrainerOptions { RecipeFolder = ShippedRecipes.Folder, OutputDirectory = Run(run), Progress = Progress, Cancellation = Cancellation });
        return result.Status == RunStatus.Interrupted ? throw new OperationCanceledException() : result;
    }
}

/// <summary>One rung of the ladder in the tour.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Climb">Runs it.</param>
internal sealed record TourRung(string Name, Func<TourContext, RungResult> Climb);

/// <summary>What a rung reached.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Run">Its run folder's name, which holds the report that is linked.</param>
internal sealed record RungResult(string Name, string Run)
{
    /// <summary>Score over the validation text, comparable between language models; null for what is not one.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary>The rung's own score in words.</summary>
    public string Score { get; init; } = "";

    /// <summary>Trained values, or counted n-grams.</summary>
    public long Parameters { get; init; }

    /// <summary>Time it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What was asked and what it wrote.</summary>
    public IReadOnlyList<(string Prompt, string Text)> Samples { get; init; } = [];

    /// <summary>A picture as SVG or HTML, or null.</summary>
    public string? Picture { get; init; }

    /// <summary>What the picture shows.</summary>
    public string Caption { get; init; } = "";

    /// <summary>A page in the run folder with more than the picture; null for none.</summary>
    public string? Page { get; init; }

    /// <summary>What the rung promises.</summary>
    public IReadOnlyList<TourGate> Gates { get; init; } = [];
}

/// <summary>Something the tour promises.</summary>
/// <param name="Name">What.</param>
/// <param name="Passed">Whether it held.</param>
/// <param name="Evidence">The numbers or the text.</param>
internal sealed record TourGate(string Name, bool Passed, string Evidence)
{
    /// <summary>A gate that one number is below another.</summary>
    public static TourGate Below(string name, double value, double limit) =>
        new(name, value < limit, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value:F3} < {limit:F3}"));
}
