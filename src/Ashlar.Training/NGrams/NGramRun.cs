using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ashlar.Evaluation;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Shared;
using Ashlar.Tokenizers;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.NGrams;

/// <summary>
/// A run with task <c>ngram</c>: tokenizer, counts, model file, score, samples, report. Its folder looks like that of any other run,
/// with <c>model.ngram</c> for weights; there are no steps and nothing to resume.
/// </summary>
internal static class NGramRun
{
    /// <exception cref="InvalidDataException">The recipe or its files are wrong.</exception>
    /// <exception cref="OperationCanceledException">Stopped; nothing is kept, since counting takes no longer than reading.</exception>
    public static TrainingResult Run(Recipe recipe, TrainerOptions options)
    {
        if (options.Resume)
            throw new InvalidDataException($"{options.OutputDirectory}: an n-gram run counts in one go and has nothing to resume; run it without --resume.");
        Stopwatch clock = Stopwatch.StartNew();
        NGramData data = NGramData.Prepare(recipe, options);
        Sampling.Check(data.Tokenizer, recipe);
        string folder = options.OutputDirectory;
        Directory.CreateDirectory(folder);
        NGramCounts counts = Count(recipe, options, data);
        double counting = clock.Elapsed.TotalSeconds;
        NGramHeader header = NGramEstimator.Write(counts, Estimation(recipe.Ngram, data), Path.Combine(folder, NGramModel.FileName));
        AtomicFile.WriteText(Path.Combine(folder, "config.json"), NGramConfiguration.ToJson(header).ToJsonString(RecipeFile.Options) + "\n");
        AtomicFile.WriteText(Path.Combine(folder, "recipe.json"), RecipeFile.Write(recipe));
        data.Tokenizer.Save(folder);
        using NGramModel model = NGramModel.Open(Path.Combine(folder, NGramModel.FileName));
        options.Progress?.Note($"{string.Join(" + ", model.Counts.Select(count => $"{count:N0}"))} n-grams in {model.FileLength / 1e6:N1} MB, {clock.Elapsed.TotalSeconds:F1} s");

        using MetricsLog log = new(folder, 0);
        (double uniform, double unigram) = Baselines(data, counts);
        log.Add(Header(model, counts, uniform, unigram));
        NGramScore score = NGramScore.Measure(model, data.Validation, data.Tokenizer, options.Cancellation);
        if (score.Tokens == 0)
            throw new InvalidDataException("data: the validation text has no token to predict.");
        double loss = score.Nats / score.Tokens;
        ValidationResult validation = new(0, loss, score.Tokens)
        {
            BitsPerByte = score.BitsPerByte,
            Scores = new Dictionary<string, double> { ["perplexity"] = Math.Exp(loss) },
        };
        options.Progress?.Validation(validation);
        foreach (TrainingSample sample in recipe.Evaluation.SampleTokens > 0 ? Sampling.Continue(model, data.Tokenizer, recipe, 0) : [])
        {
            log.Add(new JsonObject { ["step"] = 0, ["prompt"] = sample.Prompt, ["sample"] = sample.Text });
            options.Progress?.Sample(sample);
        }

        log.Add(Line(score, loss, counting, clock.Elapsed.TotalSeconds));
        Reporting.RunReport.Write(folder);
        return new TrainingResult(
            folder, RunStatus.Completed, 0, loss, score.BitsPerByte, loss, uniform, unigram, model.Counts.Sum(), clock.Elapsed)
        {
            Scores = validation.Scores,
        };
    }

    private static NGramCounts Count(Recipe recipe, TrainerOptions options, NGramData data)
    {
        using NGramCounter counter = new(
            recipe.Ngram.Order,
            data.Tokenizer.VocabularySize,
            data.BeginId >= 0 ? data.BeginId : null,
            new NGramCounterOptions { BlockTokens = recipe.Ngram.BlockTokens, TemporaryFolder = options.OutputDirectory });
        foreach (int[] document in data.Train)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            counter.Add(document);
        }

        NGramCounts counts = counter.Finish();
        options.Progress?.Note($"counted {counts.TokenCount:N0} tokens in {counts.DocumentCount:N0} documents, vocabulary {counts.VocabularySize:N0}");
        return counts;
    }

    private static NGramEstimatorOptions Estimation(NGramRecipe recipe, NGramData data) => new()
    {
        Smoothing = NGramSmoothingNames.Parse(recipe.Smoothing)!.Value,
        K = recipe.K,
        Discounts = recipe.Discounts,
        MinimumCounts = recipe.MinimumCounts,
        BeginId = data.BeginId,
        EndId = data.EndId,
    };

    private static (double Uniform, double Unigram) Baselines(NGramData data, NGramCounts counts)
    {
        UnigramBaseline unigram = UnigramBaseline.FromCounts(Array.ConvertAll(counts.Tables[0].Counts, count => (long)count));
        double nats = 0;
        long tokens = 0;
        foreach (int[] document in data.Validation)
        {
            foreach (int token in document.AsSpan(data.BeginId >= 0 ? 1 : 0))
            {
                nats += unigram.Nats(token);
                tokens++;
            }
        }

        return (Math.Log(counts.VocabularySize), nats / Math.Max(1, tokens));
    }

    private static JsonObject Header(NGramModel model, NGramCounts counts, double uniform, double unigram) => new()
    {
        ["step"] = 0,
        ["parameters"] = model.Counts.Sum(),
        ["uniformLoss"] = uniform,
        ["unigramLoss"] = unigram,
        ["tokens"] = counts.TokenCount,
        ["documents"] = counts.DocumentCount,
        ["ngrams"] = new JsonArray([.. model.Counts.Select(count => (JsonNode)count)]),
        ["bytes"] = model.FileLength,
        ["processors"] = Environment.ProcessorCount,
        ["threads"] = 2,
        ["system"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
    };

    // A token of probability 0 makes the loss infinite, which JSON has no number for.
    private static JsonObject Line(NGramScore score, double loss, double counting, double seconds)
    {
        JsonObject line = new() { ["step"] = 0, ["final"] = true, ["validationTokens"] = score.Tokens };
        foreach ((string name, double value) in ((string, double)[])[("validationLoss", loss), ("perplexity", Math.Exp(loss)), ("bitsPerByte", score.BitsPerByte)])
            if (double.IsFinite(value))
                line[name] = value;
        line["hits"] = new JsonArray([.. score.Hits.Select(count => (JsonNode)count)]);
        line["hitNats"] = new JsonArray([.. score.HitNats.Select(nats => double.IsFinite(nats) ? (JsonNode)nats : null)]);
        line["countingSeconds"] = Math.Round(counting, 2);
        line["seconds"] = Math.Round(seconds, 2);
        return line;
    }
}
