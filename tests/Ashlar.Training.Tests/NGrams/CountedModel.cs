using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.NGrams;

namespace Ashlar.Training.Tests.NGrams;

/// <summary>Counts documents, writes a model and opens it, in a folder of its own.</summary>
internal sealed class CountedModel : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-ngram-").FullName;

    public CountedModel(
        IEnumerable<int[]> documents, int vocabulary, int order, NGramEstimatorOptions options, int blockTokens = 1 << 13)
    {
        try
        {
            using NGramCounter counter = new(
                order, vocabulary, options.BeginId >= 0 ? options.BeginId : null, new() { BlockTokens = blockTokens, TemporaryFolder = _folder });
            foreach (int[] document in documents)
                counter.Add(document);
            Counts = counter.Finish();
            NGramEstimator.Write(Counts, options, Path);
            Model = NGramModel.Open(Path, verify: true);
        }
        catch
        {
            Directory.Delete(_folder, recursive: true);
            throw;
        }
    }

    public string Path => System.IO.Path.Combine(_folder, NGramModel.FileName);

    public NGramCounts Counts { get; }

    public NGramModel Model { get; }

    public void Dispose()
    {
        Model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
