using System.CommandLine;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Translation;

namespace Ashlar.Cli.Translation;

/// <summary>The options of a translation's search, shared by the verbs that translate.</summary>
internal sealed class TranslationChoice
{
    private readonly Option<int> _beam = new("--beam") { Description = "Hypotheses kept at each step; 1 is greedy.", DefaultValueFactory = _ => 5 };
    private readonly Option<double> _lengthPenalty = new("--length-penalty") { Description = "alpha of ((5 + n) / 6)^alpha; 0 compares probabilities.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _coveragePenalty = new("--coverage-penalty") { Description = "beta of the coverage penalty; 0 for none.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _minimum = new("--min-length") { Description = "Fewest tokens of a translation.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _maximum = new("--max-length") { Description = "Most tokens of a translation.", DefaultValueFactory = _ => 256 };
    private readonly Option<double> _ratio = new("--max-length-ratio") { Description = "Most tokens for each of the source, and 20 more.", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _noRepeat = new("--no-repeat-ngram") { Description = "No run of this many tokens occurs twice; 0 lets them.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _groups = new("--beam-groups") { Description = "Groups of diverse beam search; must divide the beam.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _diversity = new("--diversity") { Description = "Penalty for choosing what an earlier group chose.", DefaultValueFactory = _ => 0.5 };
    private readonly Option<double?> _temperature = new("--sample") { Description = "Draw at this temperature instead of searching." };
    private readonly Option<int> _topK = new("--top-k") { Description = "Draw from the k most probable tokens; 0 for all.", DefaultValueFactory = _ => 0 };
    private readonly Option<double> _topP = new("--top-p") { Description = "Draw from the smallest set with this much probability.", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of the draws." };
    private readonly Option<string?> _prefix = new("--prefix") { Description = "Text that every translation begins with." };
    private readonly Option<string?> _direction = new("--direction") { Description = "Languages for a model that reads tags, such as zh-en." };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads; 0 for one a processor.", DefaultValueFactory = _ => 0 };

    public TranslationChoice(Command command)
    {
        foreach (Option option in (Option[])[_beam, _lengthPenalty, _coveragePenalty, _minimum, _maximum, _ratio, _noRepeat, _groups, _diversity, _temperature, _topK, _topP, _seed, _prefix, _direction, _threads])
            command.Add(option);
    }

    /// <summary>Loads the model.</summary>
    public LoadedTranslator Load(ParseResult parsed, string path) => LoadedTranslator.Load(path, parsed.GetValue(_threads));

    /// <summary>The search.</summary>
    /// <exception cref="InvalidDataException">A value is out of range.</exception>
    public TranslationOptions Read(ParseResult parsed)
    {
        int groups = parsed.GetValue(_groups);
        TranslationDirection? direction = parsed.GetValue(_direction) is { } text ? TranslationDirection.Parse(text) : null;
        TranslationOptions options = new()
        {
            Search = new BeamSearchOptions
            {
                BeamCount = parsed.GetValue(_beam),
                LengthPenalty = parsed.GetValue(_lengthPenalty),
                Normalization = LengthNormalization.Google,
                CoveragePenalty = parsed.GetValue(_coveragePenalty),
                MinTokens = parsed.GetValue(_minimum),
                MaxTokens = parsed.GetValue(_maximum),
                NoRepeatNGram = parsed.GetValue(_noRepeat),
                GroupCount = groups,
                DiversityPenalty = groups > 1 ? parsed.GetValue(_diversity) : 0,
            },
            LengthFactor = parsed.GetValue(_ratio),
            Sampling = parsed.GetValue(_temperature) is { } temperature
                ? new SamplingOptions { Temperature = temperature, TopK = parsed.GetValue(_topK), TopP = parsed.GetValue(_topP), Seed = parsed.GetValue(_seed) }
                : null,
            ForcedPrefix = parsed.GetValue(_prefix) ?? "",
            SourceLanguage = direction?.Source,
            TargetLanguage = direction?.Target,
        };
        options.Validate();
        return options;
    }
}
