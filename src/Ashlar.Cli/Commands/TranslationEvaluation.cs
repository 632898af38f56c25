using System.CommandLine;
using Ashlar.Cli.Translation;
using Ashlar.Datasets.Text;
using Ashlar.Evaluation.Translation;
using Ashlar.Inference.Translation;
using Ashlar.Shared;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar eval --task translation</c>: scores of translations in a file, or of what a model makes of a source.</summary>
internal sealed class TranslationEvaluation
{
    private readonly Option<string?> _hypotheses = new("--hypotheses") { Description = "translation: translations to score, one a line." };
    private readonly Option<string?> _source = new("--source") { Description = "translation: with MODEL, the lines to translate and score." };
    private readonly Option<string?> _translations = new("--translations") { Description = "translation: with MODEL, a file that keeps what it wrote." };
    private readonly Option<string[]> _references = new("--references") { Description = "translation: one or more files of reference translations.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _tokenized = new("--tokenized") { Description = "translation: both sides are tokenised already; the figures are named so." };
    private readonly Option<string?> _tokenizer = new("--bleu-tokenizer") { Description = "translation: 13a (default), none, intl, zh or char." };
    private readonly Option<bool> _lowercase = new("--lowercase") { Description = "translation: compare without letter case." };
    private readonly Option<string> _smoothing = new("--smoothing") { Description = "translation: exp, floor, add-k or none.", DefaultValueFactory = _ => "exp" };
    private readonly Option<double?> _smoothingValue = new("--smoothing-value") { Description = "translation: amount for floor (0.1) and add-k (1)." };
    private readonly Option<bool> _sentences = new("--sentences") { Description = "translation: BLEU, chrF and TER of each line instead, divided by tabs." };

    private readonly TranslationChoice _choice;

    public TranslationEvaluation(Command command)
    {
        _smoothing.AcceptOnlyFromAmong("exp", "floor", "add-k", "none");
        foreach (Option option in (Option[])[_hypotheses, _source, _translations, _references, _tokenized, _tokenizer, _lowercase, _smoothing, _smoothingValue, _sentences])
            command.Add(option);
        _choice = new TranslationChoice(command);
    }

    /// <summary>Scores the file of translations that the options name, or translates their source first.</summary>
    public int Run(ParseResult parsed, string? model, bool json)
    {
        Option<string?> input = model is null ? _hypotheses : _source;
        string file = parsed.GetValue(input)
            ?? throw new InvalidDataException($"{input.Name} is missing; expected a file of {(model is null ? "translations" : "lines to translate")}.");
        if (parsed.GetValue(model is null ? _source : _hypotheses) is not null)
            throw new InvalidDataException("--hypotheses are scored without a MODEL, and --source is translated with one; expected one of the two.");
        string[] references = parsed.GetValue(_references) is { Length: > 0 } files
            ? files
            : throw new InvalidDataException("--references is missing; expected one or more files of reference translations.");
        Check(parsed, model, json);
        string[] lines = [.. Utf8Lines.Strict(file)];
        string[][] sets = [.. references.Select(path => Utf8Lines.Strict(path).ToArray())];
        for (int set = 0; set < sets.Length; set++)
        {
            if (sets[set].Length != lines.Length)
                throw new InvalidDataException($"{references[set]}: {sets[set].Length} lines, and {file} has {lines.Length}; expected as many.");
        }

        return Print(parsed, model is null ? lines : Translate(parsed, model, lines), sets, json);
    }

    private void Check(ParseResult parsed, string? model, bool json)
    {
        if (model is null)
            UnreadOptions.Refuse(parsed, "without a MODEL", [_translations, .. _choice.All]);
        if (parsed.GetValue(_smoothing) is "exp" or "none")
            UnreadOptions.Refuse(parsed, $"by --smoothing {parsed.GetValue(_smoothing)}", _smoothingValue);
        if (parsed.GetValue(_smoothingValue) is not (null or (>= 0 and < double.PositiveInfinity)))
            throw new InvalidDataException($"{_smoothingValue.Name} is {parsed.GetValue(_smoothingValue)}; expected 0 or more.");
        if (json && parsed.GetValue(_sentences))
            throw new InvalidDataException("--json is not read with --sentences; expected one of the two.");
        OutputPaths.Check(parsed, _source, _translations);
    }

    private string[] Translate(ParseResult parsed, string model, string[] lines)
    {
        using LoadedTranslator loaded = _choice.Load(parsed, model);
        using Interruption interruption = new();
        TranslationOptions options = _choice.Read(parsed, loaded.Model);
        options = options with { Search = options.Search with { KeepScores = false } };
        string[] written = [.. loaded.Translator.TranslateLines(lines, options, interruption.Token).Select(line =>
            line.Problem is { } problem
                ? throw new InvalidDataException($"{parsed.GetValue(_source)}: line {line.Number}: {problem}")
                : line.Translations[0].Text.ReplaceLineEndings(" "))];
        if (parsed.GetValue(_translations) is { } path)
            AtomicFile.WriteText(path, string.Concat(written.Select(line => line + "\n")));
        return written;
    }

    private int Print(ParseResult parsed, IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, bool json)
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
            output.Print(scores.ToJson());
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
        output.WriteLine(options.Tokenized ? "line\ttokenised BLEU\ttokenised chrF2\ttokenised TER" : "line\tBLEU\tchrF2\tTER");
        for (int i = 0; i < hypotheses.Count; i++)
        {
            string[] line = [.. references.Select(set => set[i])];
            output.WriteLine(FormattableString.Invariant(
                $"{i + 1}\t{Bleu.Sentence(hypotheses[i], line, bleu).Value:F2}\t{ChrF.Sentence(hypotheses[i], line, chrf).Value:F2}\t{Ter.Sentence(hypotheses[i], line).Value:F2}"));
        }
    }
}
