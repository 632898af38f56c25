using System.CommandLine;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;

namespace Ashlar.Cli.Commands;

/// <summary>The MODEL argument and the sampling options that several verbs share.</summary>
internal sealed class SamplingChoice
{
    private readonly Option<double> _temperature;
    private readonly Option<int> _topK = new("--top-k") { Description = "Draw from this many likeliest tokens; 0 for all." };
    private readonly Option<double> _topP = new("--top-p") { Description = "Draw from the smallest set with this much probability.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _minP = new("--min-p") { Description = "Drop tokens less likely than this share of the likeliest." };
    private readonly Option<double> _repetition = new("--repetition-penalty") { Description = "Make tokens that were there less likely; 1 is off.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _tokens;
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of the draws; the same seed gives the same text." };
    private readonly Option<string[]> _stop = new("--stop") { Description = "Stop at this text; may be given several times." };

    public SamplingChoice(Command command, double temperature, int tokens)
    {
        _temperature = new("--temperature") { Description = "0 is greedy.", DefaultValueFactory = _ => temperature };
        _tokens = new("--tokens") { Description = "Most tokens to write.", DefaultValueFactory = _ => tokens };
        foreach (Option option in (Option[])[_temperature, _topK, _topP, _minP, _repetition, _tokens, _seed, _stop])
            command.Add(option);
    }

    public static Argument<string> Model() => new("MODEL") { Description = "A run folder or a Hugging Face folder." };

    public GenerationOptions Read(ParseResult parsed) => new()
    {
        Sampling = new SamplingOptions
        {
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            MinP = parsed.GetValue(_minP),
            RepetitionPenalty = parsed.GetValue(_repetition),
            Seed = parsed.GetValue(_seed),
        },
        MaxTokens = parsed.GetValue(_tokens),
        StopStrings = parsed.GetValue(_stop) ?? [],
    };
}
