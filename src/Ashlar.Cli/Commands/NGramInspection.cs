using System.Globalization;
using System.Text.Json.Nodes;
using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Cli.Commands;

/// <summary>What <c>ashlar inspect</c> says of a <c>model.ngram</c>; the checksum is verified on the way.</summary>
internal static class NGramInspection
{
    public static int Write(string path, TextWriter output, bool json)
    {
        using NGramModel model = NGramModel.Open(path, verify: true);
        NGramHeader header = model.Header;
        if (json)
        {
            output.Print(new JsonObject
            {
                ["path"] = path,
                ["order"] = header.Order,
                ["smoothing"] = header.Smoothing.Name(),
                ["vocabularySize"] = header.VocabularySize,
                ["nGrams"] = new JsonArray([.. model.Counts.Select(count => (JsonNode)count)]),
                ["discounts"] = new JsonArray([.. header.Discounts.Select(order => new JsonArray([.. order.Select(discount => (JsonNode)discount)]))]),
                ["bytes"] = model.FileLength,
                ["verified"] = true,
            });
            return ExitCode.Done;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"n-gram: order {header.Order}, {header.Smoothing.Name()}, vocabulary {header.VocabularySize:N0}, {model.Counts.Sum():N0} n-grams in {model.FileLength:N0} bytes, checksum right"));
        for (int order = 1; order <= header.Order; order++)
        {
            string discounts = header.Discounts.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"  discounts {string.Join(", ", header.Discounts[order - 1].Select(d => d.ToString("F3", CultureInfo.InvariantCulture)))}");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{order}-grams {model.Counts[order - 1],14:N0}{discounts}"));
        }

        return ExitCode.Done;
    }
}
