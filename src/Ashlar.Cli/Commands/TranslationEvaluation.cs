using System.CommandLine;
using System.Text.Json;
using Ashlar.Datasets.Text;
using Ashlar.Evaluation.Translation;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar eval --task translation</c>: scores of translations, from files of lines.</summary>
internal sealed class TranslationEvaluation
{
    private readonly Option<string?> _hypotheses = new("--hypotheses") { Description = "translation: translations to score, one a line." };
    private readonly Option<string[]> _references = new("--references") { Description = "translation: one or more files of reference translations.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _tokenized = new("--tokenized") { Description = "translation: both sides are tokenised already; the figures are named so." };
    private readonly Option<string?> _tokenizer = new("--bleu-tokenizer") { Description = "translation: 13a (default), none, intl, zh or char." };
    private readonly Option<bool> _lowercase = new("--lowercase") { Description = "translation: compare without letter case." };
    private readonly Option<string> _smoothing = new("--smoothing") { Description = "translation: exp, floor, add-k or none.", DefaultValueFactory = _ => "exp" };
    private readonly Option<double?> _smoothingValue = new("--smoothing-value") { Description = "translation: amount for floor (0.1) and add-k (1)." };
    private readonly Option<bool> _sentences = new("--sentences") { Description = "translation: BLEU, chrF and TER of each line instead, divided by tabs." };

    public TranslationEvaluation(Command command)
    {
        _smoothing.AcceptOnlyFromAmong("exp", "floor", "add-k", "none");
        foreach (Option option in (Option[])[_hypotheses, _references, _tokenized, _tokenizer, _lowercase, _smoothing, _smoothingValue, _sentences])
            command.Add(option);
    }

    /// <summary>Scores the files that the options name.</summary>
    public int Run(ParseResult parsed, bool json)
    {
        string file = parsed.GetValue(_hypotheses) ?? throw new InvalidDataException("--hypotheses is missing; expected a file of translations.");
        string[] references = parsed.GetValue(_references) is { Length: > 0 } files
            ? files
            : throw new InvalidDataException("--references is missing; expected one or more files of reference translations.");
        string[] hypotheses = [.. Utf8Lines.Strict(file)];
        string[][] sets = [.. references.Select(path => Utf8Lines.Strict(path).ToArray())];
        for (int set = 0; set < sets.Length; set++)
        {
            if (sets[set].Length != hypotheses.Length)
                throw new InvalidDataException($"{references[set]}: {sets[set].Length} lines, and {file} has {hypotheses.Length}; expected as many.");
        }

        return Print(parsed, hypotheses, sets, json);
    }

    /// <summary>Scores translations against references.</summary>
    public int Print(ParseResult parsed, IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, bool json)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        TranslationScoreOptions options = Options(parsed);
        if (parsed.GetValue(_sentences))
        {
            PrintSentences(output, hypotheses, references, options);
            return ExitCode.Done;
        }

        TranslationScores scores = TranslationScores.Of(hypotheses, references, options);
        if (json)
        {
            output.WriteLine(scores.ToJson().ToJsonString(new JsonSerializerOptions(JsonSerializerOptions.Default) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            return ExitCode.Done;
        }

        foreach (string warning in scores.Warnings)
            parsed.InvocationConfiguration.Error.WriteLine($"ashlar: {warning}");
        output.WriteLine($"{scores.Text} text, {scores.Lines:N0} lines, {scores.References} {(scores.References == 1 ? "reference" : "references")} each");
        foreach (TranslationScore score in scores.Scores)
            output.WriteLine(score);
        return ExitCode.Done;
    }

    private TranslationScoreOptions Options(ParseResult parsed) => new()
    {
        Tokenized = parsed.GetValue(_tokenized),
        Tokenizer = parsed.GetValue(_tokenizer) is { } name ? BleuTokenizers.Parse(name) : null,
        Lowercase = parsed.GetValue(_lowercase),
        Smoothing = parsed.GetValue(_smoothing) switch
        {
            "floor" => BleuSmoothing.Floor,
            "add-k" => BleuSmoothing.AddK,
            "none" => BleuSmoothing.None,
            _ => BleuSmoothing.Exponential,
        },
        SmoothingValue = parsed.GetValue(_smoothingValue),
    };

    private static void PrintSentences(TextWriter output, IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, TranslationScoreOptions options)
    {
        BleuOptions bleu = options.BleuForSentences;
        ChrFOptions chrf = new() { Lowercase = options.Lowercase };
        output.WriteLine("line\tBLEU\tchrF2\tTER");
        for (int i = 0; i < hypotheses.Count; i++)
        {
            string[] line = [.. references.Select(set => set[i])];
            output.WriteLine(FormattableString.Invariant(
                $"{i + 1}\t{Bleu.Sentence(hypotheses[i], line, bleu).Value:F2}\t{ChrF.Sentence(hypotheses[i], line, chrf).Value:F2}\t{Ter.Sentence(hypotheses[i], line).Value:F2}"));
        }
    }
}
