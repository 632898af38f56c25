using System.CommandLine;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Conversion;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Shared;
using Ashlar.Tokenizers;

namespace Ashlar.Cli.Commands;

/// <summary>
/// <c>ashlar convert MODEL --to safetensors</c>: other programs' models in Hugging Face's layout, or such a folder with another element
/// type; <c>--to arpa</c> and <c>--to ngram</c> for n-gram models.
/// </summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        Command command = new("convert", "Write a model in another format.");
        Argument<string> model = new("MODEL") { Description = "A model folder (Hugging Face's layout, a run, ml5.js' charRNN, CTranslate2, OpenNMT-py), llama2.c's .bin, a file of torch.save, or an .arpa file." };
        Option<string> to = new("--to") { Description = "safetensors: a folder in Hugging Face's layout. arpa: the file that other n-gram tools read. ngram: a model folder, from an .arpa file.", DefaultValueFactory = _ => "safetensors" };
        to.AcceptOnlyFromAmong("safetensors", "arpa", "ngram");
        Option<string> output = new("--output", "-o") { Description = "The file or folder to write.", Required = true };
        Option<string?> tokenizer = new("--tokenizer") { Description = "safetensors: the tokenizer, where the model keeps it apart (llama2.c, torch.save). ngram: the tokenizer whose ids the file's tokens get; by default one word a token, of the file's own words." };
        Option<string?> type = new("--dtype") { Description = "safetensors: f32, bf16 or f16; that of the model by default." };
        type.AcceptOnlyFromAmong("f32", "bf16", "f16");
        Option<bool> relu = new("--relu") { Description = "safetensors: the Elman network of a torch.save file has ReLU, not tanh." };
        command.Add(model);
        foreach (Option option in (Option[])[to, output, tokenizer, type, relu])
            command.Add(option);
        command.SetAction(parsed =>
        {
            string source = parsed.GetRequiredValue(model), target = parsed.GetRequiredValue(output);
            switch (parsed.GetValue(to))
            {
                case "arpa":
                    ToArpa(source, target);
                    break;
                case "ngram":
                    FromArpa(source, target, parsed.GetValue(tokenizer));
                    break;
                default:
                    ModelConversion.ToHuggingFace(source, target, new ModelConversionOptions
                    {
                        Type = TypeOf(parsed.GetValue(type)),
                        Tokenizer = parsed.GetValue(tokenizer),
                        ElmanCell = parsed.GetValue(relu) ? RecurrentCell.RnnRelu : RecurrentCell.RnnTanh,
                    });
                    break;
            }

            parsed.InvocationConfiguration.Output.WriteLine(target);
            return ExitCode.Done;
        });
        return command;
    }

    private static TensorType? TypeOf(string? name) => name switch
    {
        "f32" => TensorType.Float32,
        "bf16" => TensorType.BFloat16,
        "f16" => TensorType.Float16,
        _ => null,
    };

    private static void ToArpa(string folder, string target)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{folder}: no such directory; expected the folder of an n-gram run.");
        using NGramModel model = NGramModel.Open(Path.Combine(folder, NGramModel.FileName), verify: true);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ArpaWriter.Write(model, target, id => id < tokenizer.VocabularySize ? tokenizer.IdToToken(id) : $"<{id}>");
    }

    private static void FromArpa(string file, string folder, string? tokenizerPath)
    {
        Tokenizer tokenizer = tokenizerPath is null ? WordTokenizer(file) : Tokenizer.Load(tokenizerPath);
        Dictionary<string, int> ids = [];
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            ids.TryAdd(ArpaWriter.Spell(tokenizer.IdToToken(id)), id);
            ids.TryAdd(ArpaWriter.SpellText(tokenizer.IdToToken(id)), id);
        }

        int? end = tokenizer.SpecialTokens.EndOfText;
        Directory.CreateDirectory(folder);
        NGramHeader header = ArpaReader.Import(file, Path.Combine(folder, NGramModel.FileName), tokenizer.VocabularySize, token =>
            ids.TryGetValue(token, out int id) ? id
            : token == ArpaWriter.Begin ? tokenizer.SpecialTokens.BeginOfText ?? end
            : token == ArpaWriter.End ? end
            : null);
        AtomicFile.WriteText(Path.Combine(folder, "config.json"), NGramConfiguration.ToJson(header).ToJsonString() + "\n");
        tokenizer.Save(folder);
    }

    // The words of the file are the vocabulary; <s>, </s> and <unk> are its special tokens.
    private static Tokenizer WordTokenizer(string file)
    {
        List<string> words = [.. ArpaReader.Vocabulary(file)];
        string[] special = [.. ((string[])["<unk>", ArpaWriter.Begin, ArpaWriter.End]).Where(token => token == "<unk>" || words.Contains(token))];
        return Tokenizers.Training.WordLevelTrainer.Train(
            [string.Join(' ', words.Where(word => !special.Contains(word)))], words.Count + special.Length, special);
    }
}
