using System.CommandLine;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference;
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
    private readonly Option<double?> _temperature = new("--sample") { Description = "Draw at this temperature instead of searching: one draw a line, or --n-best of them." };
    private readonly Option<int> _topK = new("--top-k") { Description = "Draw from the k most probable tokens; 0 for all.", DefaultValueFactory = _ => 0 };
    private readonly Option<double> _topP = new("--top-p") { Description = "Draw from the smallest set with this much probability.", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of the draws." };
    private readonly Option<string?> _prefix = new("--prefix") { Description = "Text that every translation begins with." };
    private readonly Option<string?> _direction = new("--direction") { Description = "Languages for a model that reads tags, such as zh-en." };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads; 0 for one a processor.", DefaultValueFactory = _ => 0 };

    public TranslationChoice(Command command)
    {
        All = [_beam, _lengthPenalty, _coveragePenalty, _minimum, _maximum, _ratio, _noRepeat, _groups, _diversity, _temperature, _topK, _topP, _seed, _prefix, _direction, _threads];
        foreach (Option option in All)
            command.Add(option);
    }

    /// <summary>Every option.</summary>
    public Option[] All { get; }

    /// <summary>Loads the model.</summary>
    /// <exception cref="InvalidDataException">The number of threads is negative, or the model cannot be loaded.</exception>
    public LoadedTranslator Load(ParseResult parsed, string path) => parsed.GetValue(_threads) is >= 0 and var threads
        ? LoadedTranslator.Load(path, threads)
        : throw new InvalidDataException($"--threads is {parsed.GetValue(_threads)}; expected 0 (one a processor) or more.");

    /// <summary>The search.</summary>
    /// <exception cref="InvalidDataException">A value is out of range, or an option is given that is not read.</exception>
    public TranslationOptions Read(ParseResult parsed, ISequenceToSequenceModel model)
    {
        int groups = parsed.GetValue(_groups);
        if (parsed.GetValue(_temperature) is null)
            UnreadOptions.Refuse(parsed, "without --sample", _topK, _topP, _seed);
        else
            UnreadOptions.Refuse(parsed, "with --sample", _beam, _groups, _diversity);
        if (groups == 1)
            UnreadOptions.Refuse(parsed, "without --beam-groups", _diversity);
        if (model.Format.Tags == SourceTags.None)
            UnreadOptions.Refuse(parsed, "by a model without language tags", _direction);
        else if (parsed.GetValue(_direction) is null)
            throw new InvalidDataException("--direction is missing, and the model reads language tags; expected one such as zh-en.");
        if (model.AttentionLayerCount == 0 && parsed.GetValue(_coveragePenalty) is not 0)
            throw new InvalidDataException("--coverage-penalty was asked of a model without attention.");
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
