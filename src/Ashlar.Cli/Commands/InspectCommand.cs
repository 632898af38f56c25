using System.CommandLine;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Ml5;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Checkpoints.TorchSave;
using Ashlar.Inference;
using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar inspect FILE</c>: tensors and configuration.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Command command = new("inspect", "List the tensors of a file (.safetensors, or .pt of torch.save) or the shape of a model folder.");
        Argument<string> file = new("FILE") { Description = "A .safetensors, .pt or .ngram file, a model folder, or one of ml5.js' charRNN." };
        command.Add(file);
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (path.EndsWith(".ngram", StringComparison.OrdinalIgnoreCase))
                return NGramInspection.Write(path, output);
            bool model = Directory.Exists(path) && (File.Exists(Path.Combine(path, "config.json")) || !File.Exists(Path.Combine(path, "manifest.json")));
            if (model && ModelFamilies.TypeOf(path) == NGramConfiguration.ModelType)
                return NGramInspection.Write(Path.Combine(path, NGramModel.FileName), output);
            if (model)
            {
                output.WriteLine(Describe(Path.Combine(path, "config.json")));
                path = Path.Combine(path, "model.safetensors");
            }

            using ITensorSource tensors = Open(path);
            if (tensors is Ml5CharRnn ml5)
                output.WriteLine(Describe(ml5.Configuration));
            foreach (string name in tensors.Names)
            {
                _ = tensors.TryGet(name, out TensorInfo? info);
                output.WriteLine($"{info!.Type,-9} {info.ShapeText,-20} {name}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static ITensorSource Open(string path)
    {
        if (Directory.Exists(path))
            return Ml5CharRnn.Load(path);
        return File.Exists(path) && TorchArchive.Recognizes(path) ? TorchArchive.Open(path) : SafetensorsFile.Open(path);
    }

    private static string Describe(string path)
    {
        if (ConfigurationType.Of(path) == RecurrentConfiguration.ModelType)
            return Describe(RecurrentConfiguration.Load(path));
        DecoderConfiguration c = DecoderConfiguration.Load(path);
        return $"{c.Architecture}: {c.LayerCount} layers, width {c.Width}, {c.HeadCount} heads, vocabulary {c.VocabularySize:N0}, context {c.ContextLength:N0}, {DecoderTensors.CountParameters(c):N0} parameters";
    }

    private static string Describe(RecurrentConfiguration c)
    {
        string input = c.EmbeddingWidth == 0 ? "one-hot input" : $"embedding {c.EmbeddingWidth}";
        return $"{c.Cell.Name()}: {c.LayerCount} layers, {input}, hidden {c.HiddenWidth}, vocabulary {c.VocabularySize:N0}, {RecurrentTensors.CountParameters(c):N0} parameters";
    }
}
