using System.CommandLine;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference;
using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar inspect FILE</c>: tensors and configuration.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Command command = new("inspect", "List the tensors of a .safetensors file or the shape of a model folder.");
        Argument<string> file = new("FILE") { Description = "A .safetensors or .ngram file, or a model folder." };
        command.Add(file);
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (path.EndsWith(".ngram", StringComparison.OrdinalIgnoreCase))
                return NGramInspection.Write(path, output);
            if (Directory.Exists(path) && ModelFamilies.TypeOf(path) == NGramConfiguration.ModelType)
                return NGramInspection.Write(Path.Combine(path, NGramModel.FileName), output);
            if (Directory.Exists(path))
            {
                DecoderConfiguration configuration = DecoderConfiguration.Load(Path.Combine(path, "config.json"));
                output.WriteLine($"{configuration.Architecture}: {configuration.LayerCount} layers, width {configuration.Width}, {configuration.HeadCount} heads, vocabulary {configuration.VocabularySize:N0}, context {configuration.ContextLength:N0}, {DecoderTensors.CountParameters(configuration):N0} parameters");
                path = Path.Combine(path, "model.safetensors");
            }

            using SafetensorsFile tensors = SafetensorsFile.Open(path);
            foreach (string name in tensors.Names)
            {
                _ = tensors.TryGet(name, out TensorInfo? info);
                output.WriteLine($"{info!.Type,-9} {info.ShapeText,-20} {name}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
