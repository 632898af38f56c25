namespace Ashlar.Training.Recipes;

/// <summary>
/// The directions of a model that serves several, such as <c>zh-en</c>: one for each entry of the list of the same name, or for each
/// two entries where sources and targets are files of their own. A list that is left out has <see cref="TranslationRecipe.Direction"/>
/// throughout. A direction that no file trains is translated too, if its tags are known (zero-shot; Johnson et al. 2017, section 4.3).
/// </summary>
public sealed record DirectionsRecipe
{
    /// <summary>Of <c>data.train</c>; a pair that is split off for validation keeps its own.</summary>
    public IReadOnlyList<string> Train { get; init; } = [];

    /// <summary>Of <c>data.validation</c>.</summary>
    public IReadOnlyList<string> Validation { get; init; } = [];

    /// <summary>Of <c>data.test</c>.</summary>
    public IReadOnlyList<string> Test { get; init; } = [];

    /// <summary>Of <c>evaluation.prompts</c>; without it and without a direction, the first that is trained.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Of <c>evaluation.lookInside</c>; otherwise as for prompts.</summary>
    public IReadOnlyList<string> LookInside { get; init; } = [];
}
