using System.CommandLine;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.CTranslate2;
using Ashlar.Checkpoints.Ml5;
using Ashlar.Checkpoints.OpenNmt;
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
        Argument<string> file = new("FILE") { Description = "A .safetensors, .pt or .ngram file, a model folder, or one of ml5.js' charRNN, CTranslate2 or OpenNMT-py." };
        Option<bool> json = JsonOutput.Option();
        command.Add(file);
        command.Add(json);
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (path.EndsWith(".ngram", StringComparison.OrdinalIgnoreCase))
                return NGramInspection.Write(path, output, parsed.GetValue(json));
            if (Directory.Exists(path) && File.Exists(Path.Combine(path, "config.json")) && ModelFamilies.TypeOf(path) == NGramConfiguration.ModelType)
                return NGramInspection.Write(Path.Combine(path, NGramModel.FileName), output, parsed.GetValue(json));
            (string description, ITensorSource opened) = Open(path);
            using ITensorSource tensors = opened;
            if (parsed.GetValue(json))
            {
                output.Print(new JsonObject
                {
                    ["path"] = path,
                    ["description"] = description.Length > 0 ? description : null,
                    ["tensors"] = new JsonArray([.. tensors.Names.Select(name => ToJson(tensors, name))]),
                });
                return ExitCode.Done;
            }

            if (description.Length > 0)
                output.WriteLine(description);
            foreach (string name in tensors.Names)
            {
                _ = tensors.TryGet(name, out TensorInfo? info);
                output.WriteLine($"{info!.Type,-9} {info.ShapeText,-20} {name}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static JsonNode ToJson(ITensorSource tensors, string name)
    {
        _ = tensors.TryGet(name, out TensorInfo? info);
        return new JsonObject
        {
            ["name"] = name,
            ["type"] = info!.Type.ToString(),
            ["shape"] = new JsonArray([.. info.Shape.Select(size => (JsonNode)size)]),
        };
    }

    private static (string Description, ITensorSource Tensors) Open(string path)
    {
        if (CTranslate2File.Recognizes(path))
        {
            CTranslate2File file = CTranslate2File.Open(path);
            return (Describe(file.Configuration), file);
        }

        if (File.Exists(path) && TorchArchive.Recognizes(path))
            return OpenTorch(path);
        if (OpenNmtFile.Recognizes(path))
            return OpenNmt(path);
        if (!Directory.Exists(path))
            return ("", SafetensorsFile.Open(path));
        string configuration = Path.Combine(path, "config.json");
        if (File.Exists(configuration) || !File.Exists(Path.Combine(path, "manifest.json")))
            return (Describe(configuration), FolderWeights.Open(path));
        Ml5CharRnn ml5 = Ml5CharRnn.Load(path);
        return (Describe(ml5.Configuration), ml5);
    }

    // OpenNMT-py saves the options and vocabularies of its program beside the weights, which a plain archive of tensors is not.
    private static (string, ITensorSource) OpenTorch(string path)
    {
        try
        {
            return ("", TorchArchive.Open(path));
        }
        catch (InvalidDataException refused)
        {
            try
            {
                return OpenNmt(path);
            }
            catch (InvalidDataException)
            {
                throw refused;
            }
        }
    }

    private static (string, ITensorSource) OpenNmt(string path)
    {
        OpenNmtFile file = OpenNmtFile.Open(path);
        return (Describe(file.Configuration), file);
    }

    private static string Describe(string configuration)
    {
        switch (ConfigurationType.Of(configuration))
        {
            case RecurrentConfiguration.ModelType:
                return Describe(RecurrentConfiguration.Load(configuration));
            case RecurrentTranslationConfiguration.ModelType:
                return Describe(RecurrentTranslationConfiguration.Load(configuration));
            case TransformerConfiguration.MarianType or TransformerConfiguration.ModelType:
                return Describe(TransformerConfiguration.Load(configuration));
            default:
                DecoderConfiguration c = DecoderConfiguration.Load(configuration);
                return $"{c.Architecture}: {c.LayerCount} layers, width {c.Width}, {c.HeadCount} heads, vocabulary {c.VocabularySize:N0}, context {c.ContextLength:N0}, {DecoderTensors.CountParameters(c):N0} parameters";
        }
    }

    private static string Describe(RecurrentConfiguration c)
    {
        string input = c.EmbeddingWidth == 0 ? "one-hot input" : $"embedding {c.EmbeddingWidth}";
        return $"{c.Cell.Name()}: {c.LayerCount} layers, {input}, hidden {c.HiddenWidth}, vocabulary {c.VocabularySize:N0}, {RecurrentTensors.CountParameters(c):N0} parameters";
    }

    private static string Describe(RecurrentTranslationConfiguration c)
    {
        string reads = c.Bidirectional ? "both ways" : "one way";
        string looks = c.Attention == RecurrentAttention.None ? $"one sentence vector ({c.Pooling.Name()})" : $"attention {c.Attention.Name()}{(c.InputFeeding ? " with input feeding" : "")}";
        return $"{c.Cell.Name()} encoder-decoder: {c.EncoderLayerCount} + {c.DecoderLayerCount} layers, width {c.EncoderWidth} {reads} and {c.DecoderWidth}, {looks}, "
            + $"vocabularies {c.SourceVocabularySize:N0} and {c.TargetVocabularySize:N0}, {RecurrentTranslationTensors.CountParameters(c):N0} parameters";
    }

    private static string Describe(TransformerConfiguration c) =>
        $"Transformer encoder-decoder: {c.EncoderLayerCount} + {c.DecoderLayerCount} layers, width {c.Width}, {c.EncoderHeadCount} + {c.DecoderHeadCount} heads, "
        + $"{(c.PreNorm ? "pre" : "post")}-norm, vocabularies {c.SourceVocabularySize:N0} and {c.TargetVocabularySize:N0}, {TransformerTensors.CountParameters(c):N0} parameters";
}
