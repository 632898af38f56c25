using Ashlar.Datasets.Parallel;
using Ashlar.Evaluation.Translation;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>BLEU of a set by direction; of several, the figure of the set is their mean, whatever their shares of it.</summary>
internal sealed class ValidationBleu(IReadOnlyList<(TranslationDirection? Way, TranslationScore Score)> directions)
{
    /// <summary>The figure, in percent.</summary>
    public double Value => directions.Average(direction => direction.Score.Value);

    /// <summary>sacreBLEU's signature; one for each tokenizer, should the directions have several.</summary>
    public string Signature => string.Join("; ", directions.Select(direction => direction.Score.Signature).Distinct());

    /// <summary>The figure under a name, and that of each direction, if there are several, as in <c>bleu.zh-en</c>.</summary>
    public IEnumerable<KeyValuePair<string, double>> Named(string name) => directions.Count == 1
        ? [new(name, Value)]
        : [new(name, Value), .. directions.Select(direction => new KeyValuePair<string, double>($"{name}.{direction.Way}", direction.Score.Value))];
}
