using System.CommandLine;
using Ashlar.Cli.Translation;
using Ashlar.Inference.Translation;
using Ashlar.Training.Reporting;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar report RUN</c>, and <c>--attention SENTENCE</c> for a look inside a translation.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Command command = new("report", "Write a run's curves and samples as one HTML file, or how a sentence was translated.");
        Argument<string> run = new("RUN") { Description = "A run folder; with --attention any translation model." };
        Option<string[]> texts = new("--text") { Description = "A sentence to look inside the model with; may be given several times." };
        Option<string?> sentence = new("--attention") { Description = "Translate this sentence and draw what each token looked at." };
        Option<string?> file = new("--out", "-o") { Description = "A picture of the one --text, .svg or .png; with --attention .html as well (attention.html in the run folder by default)." };
        Option<string> picture = new("--picture") { Description = "attention: which picture an .svg or .png holds.", DefaultValueFactory = _ => "attention" };
        picture.AcceptOnlyFromAmong("attention", "encoder", "decoder", "beams", "vectors");
        Option<int?> layer = new("--layer") { Description = "attention: layer from 1 in an .svg or .png; the mean of all by default." };
        Option<int?> head = new("--head") { Description = "attention: head from 1; the mean of all by default." };
        command.Add(run);
        foreach (Option option in (Option[])[texts, sentence, file, picture, layer, head])
            command.Add(option);
        TranslationChoice choice = new(command);
        command.SetAction(parsed =>
        {
            string folder = parsed.GetRequiredValue(run);
            string? named = parsed.GetValue(file);
            if (parsed.GetValue(sentence) is not { } text)
            {
                UnreadOptions.Refuse(parsed, "without --attention", [picture, layer, head, .. choice.All]);
                string[] asked = parsed.GetValue(texts) ?? [];
                if (named is null)
                {
                    parsed.InvocationConfiguration.Output.WriteLine(RunReport.Write(folder, asked));
                    return ExitCode.Done;
                }

                if (asked.Length != 1)
                    throw new InvalidDataException($"{named}: a picture shows one sentence; expected --text SENTENCE once, or --attention SENTENCE.");
                if (Ending(named) == ".html")
                    throw new InvalidDataException($"{named}: the page of a run is report.html in its folder; expected --out with .svg or .png.");
                return Save(parsed, named, RunReport.SentencePicture(folder, asked[0]));
            }

            UnreadOptions.Refuse(parsed, "with --attention", texts);
            string path = named ?? Path.Combine(folder, "attention.html");
            string ending = Ending(path);
            if (ending == ".html")
                UnreadOptions.Refuse(parsed, "for an .html page, which shows all", picture, layer, head);
            else if (parsed.GetValue(picture) is "beams" or "vectors")
                UnreadOptions.Refuse(parsed, $"with --picture {parsed.GetValue(picture)}", layer, head);
            using LoadedTranslator loaded = choice.Load(parsed, folder);
            TranslationInsight insight = TranslationInsights.Of(loaded.Translator, text, choice.Read(parsed, loaded.Model));
            if (ending != ".html")
                return Save(parsed, path, Draw(insight, parsed.GetValue(picture)!, parsed.GetValue(layer) - 1, parsed.GetValue(head) - 1));
            AttentionReport.Save(path, insight);
            parsed.InvocationConfiguration.Output.WriteLine(path);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Ending(string path) => Path.GetExtension(path).ToLowerInvariant() is ".html" or ".svg" or ".png"
        ? Path.GetExtension(path).ToLowerInvariant()
        : throw new InvalidDataException($"{path}: unknown kind of file '{Path.GetExtension(path)}'; expected .html, .svg or .png.");

    private static int Save(ParseResult parsed, string path, Picture drawn)
    {
        if (Ending(path) == ".svg")
            SvgPicture.Save(path, drawn);
        else if (PngPicture.Save(path, drawn) is { Length: > 0 } missing)
            parsed.InvocationConfiguration.Error.WriteLine($"ashlar: no font of this machine has {missing}; they are empty boxes in the picture. Install one that does (for Chinese fonts-noto-cjk), or write .svg.");
        parsed.InvocationConfiguration.Output.WriteLine(path);
        return ExitCode.Done;
    }

    private static Picture Draw(TranslationInsight insight, string picture, int? layer, int? head)
    {
        string title = $"{insight.Source} → {insight.Translation}";
        return picture switch
        {
            "beams" when insight.Beams.Count > 0 => BeamTree.Draw(title, insight.Beams, insight.BestBeam),
            "beams" => throw new InvalidDataException("there are no beams to draw; expected --beam 2 or more."),
            "vectors" when insight.Vectors.Count > 0 => VectorStrips.Draw(title, insight.Vectors),
            "vectors" => throw new InvalidDataException("there is no sentence vector to draw; expected a recurrent model without attention."),
            "encoder" or "decoder" when insight.Attention.FirstOrDefault(maps => maps.Name == picture + " to itself") is { } maps =>
                HeatMap.Draw(title, maps.Rows, maps.Columns, maps.Choose(layer, head)),
            "encoder" or "decoder" => throw new InvalidDataException($"the model's {picture} does not look at itself; expected a Transformer."),
            _ when insight.Attention is [{ } maps, ..] => HeatMap.Draw(title, maps.Rows, maps.Columns, maps.Choose(layer, head)),
            _ => throw new InvalidDataException("the model has no attention to draw; expected --picture beams or vectors, or an .html page."),
        };
    }
}
