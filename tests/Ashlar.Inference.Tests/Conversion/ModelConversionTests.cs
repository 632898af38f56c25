using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Llama2c;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Conversion;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models;
using Ashlar.Inference.Tests.Models;
using Ashlar.Inference.Translation;
using Ashlar.Tests;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Inference.Tests.Conversion;

public sealed class ModelConversionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Output => PathOf("converted");

    private string PathOf(string name) => Path.Combine(_folder, name);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_of_llama2c_runs_as_it_lies(bool tied)
    {
        WriteLlama2c(PathOf("model.bin"), tied);
        WriteVocabulary(PathOf("tokenizer.bin"));
        ModelConversion.ToHuggingFace(PathOf("model.bin"), Output, new() { Tokenizer = PathOf("tokenizer.bin") });
        using LoadedModel loaded = LoadedModel.Load(Output, threadCount: 1);
        using Llama2cFile file = Llama2cFile.Open(PathOf("model.bin"));
        using DecoderGraph graph = DecoderGraph.Load(file.Configuration, file, threadCount: 1);
        // Begin, then "▁ab" merged by the scores below, then a letter without a token as its bytes.
        int[] tokens = loaded.Tokenizer.Encode("abé", addSpecialTokens: true);
        Assert.Equal([1, 263, 3 + 0xc3, 3 + 0xa9], tokens);
        Assert.Equal("abé", loaded.Tokenizer.Decode(tokens, skipSpecialTokens: true));
        Assert.Equal(DecoderGraphTests.All(graph, tokens), DecoderGraphTests.All(loaded.Model, tokens));
        Assert.Contains("tokenizer.bin", Assert.Throws<InvalidDataException>(() => ModelConversion.ToHuggingFace(PathOf("model.bin"), Output)).Message);
        File.WriteAllBytes(PathOf("torn.bin"), File.ReadAllBytes(PathOf("tokenizer.bin"))[..^1]);
        Assert.Contains("torn.bin", Assert.Throws<InvalidDataException>(() => Tokenizer.Load(PathOf("torn.bin"))).Message);
    }

    [Fact]
    public void Stories260K_converted_writes_llama2c_s_texts()
    {
        string golden = File.ReadAllText(SharedData.Require("stories260K", "golden.json"));
        ModelConversion.ToHuggingFace(
            SharedData.Require("stories260K", "stories260K.bin"), Output, new() { Tokenizer = SharedData.Require("stories260K", "tok512.bin") });
        using LoadedModel loaded = LoadedModel.Load(Output, threadCount: 1);
        JsonNode root = JsonNode.Parse(golden)!;
        // llama2.c counts the prompt's tokens among its steps, and ends its output with a line feed.
        foreach ((string prompt, int steps, string text) in root["greedy_prompts"]!.AsArray()
            .Select(story => (story!["prompt"]!.GetValue<string>(), story["steps"]!.GetValue<int>(), story["output"]!.GetValue<string>())).Prepend(("", 256, root["greedy_256"]!.GetValue<string>())))
        {
            int[] tokens = prompt.Length == 0 ? [1] : loaded.Tokenizer.Encode(prompt, addSpecialTokens: true);
            GenerationOptions options = new() { Sampling = SamplingOptions.Greedy, StopIds = [1], MaxTokens = steps + 1 - tokens.Length };
            string written = string.Concat(loaded.NewTextGenerator().Generate(tokens, options, cancellation: TestContext.Current.CancellationToken).Select(piece => piece.Text));
            Assert.Equal(text, prompt + written + "\n");
        }
    }

    [Theory]
    [InlineData(TensorType.BFloat16, "BF16", "bfloat16")]
    [InlineData(TensorType.Float16, "F16", "float16")]
    [InlineData(TensorType.Float32, "F32", "float32")]
    public void A_folder_is_saved_anew_in_another_type(TensorType type, string name, string inConfiguration)
    {
        RandomCheckpoint checkpoint = WriteFolder(PathOf("model"), "qwen2");
        ModelConversion.ToHuggingFace(PathOf("model"), Output, new() { Type = type });
        JsonObject configuration = JsonNode.Parse(File.ReadAllText(Path.Combine(Output, "config.json")))!.AsObject();
        Assert.Equal(inConfiguration, (string)configuration["torch_dtype"]!);
        Assert.Equal("kept", (string)configuration["a_key_of_others"]!);
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json", "generation_config.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(PathOf("model"), file)), File.ReadAllBytes(Path.Combine(Output, file)));

        byte[] bytes = File.ReadAllBytes(Path.Combine(Output, "model.safetensors"));
        JsonObject header = JsonNode.Parse(bytes.AsSpan(8, (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes)))!.AsObject();
        Assert.All(header.Where(entry => entry.Key != "__metadata__"), entry => Assert.Equal(name, (string)entry.Value!["dtype"]!));
        using SafetensorsFile written = SafetensorsFile.Open(Path.Combine(Output, "model.safetensors"));
        Assert.Equal(checkpoint.Tensors.Keys.Order(), written.Names.Order());
        foreach ((string tensor, float[] values) in checkpoint.Tensors)
        {
            float[] read = new float[values.Length];
            written.ReadFloat32(tensor, read);
            Assert.Equal(values.Select(value => Nearest(value, type)), read);
        }

        using LoadedModel loaded = LoadedModel.Load(Output, threadCount: 1);
        using DecoderGraph graph = checkpoint.NewGraph();
        float[] expected = DecoderGraphTests.All(graph, [3, 1, 4, 1, 5]), actual = DecoderGraphTests.All(loaded.Model, [3, 1, 4, 1, 5]);
        double tolerance = type switch { TensorType.Float32 => 0, TensorType.Float16 => 0.02, _ => 0.2 };
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);

        // Without a type, that of the model stays.
        ModelConversion.ToHuggingFace(Output, PathOf("again"));
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(PathOf("again"), "model.safetensors")));
    }

    [Fact]
    public void A_value_that_float16_cannot_hold_is_named_and_nothing_is_left()
    {
        WriteFolder(PathOf("model"), "llama", checkpoint => checkpoint.Tensors["model.norm.weight"][3] = 1e6f);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => ModelConversion.ToHuggingFace(PathOf("model"), Output, new() { Type = TensorType.Float16 }));
        Assert.Contains("model.norm.weight holds 1000000", error.Message);
        Assert.Empty(Directory.GetFiles(Output));
    }

    [Fact]
    public void Shards_and_a_file_of_torch_save_are_weights_of_a_folder_too()
    {
        RandomCheckpoint checkpoint = WriteFolder(PathOf("model"), "gpt2");
        string whole = Path.Combine(PathOf("model"), "model.safetensors");
        using DecoderGraph graph = checkpoint.NewGraph();
        float[] expected = DecoderGraphTests.All(graph, [1, 2, 3]);
        File.Delete(whole);

        string[] names = [.. checkpoint.Tensors.Keys];
        JsonObject map = [];
        for (int shard = 0; shard < 2; shard++)
        {
            string file = $"model-0000{shard + 1}-of-00002.safetensors";
            string[] own = [.. names.Where((_, i) => i % 2 == shard)];
            SafetensorsWriter.Write(Path.Combine(PathOf("model"), file), [.. own.Select(name => Entry(checkpoint, name))]);
            foreach (string name in own)
                map[name] = file;
        }

        string index = Path.Combine(PathOf("model"), "model.safetensors.index.json");
        File.WriteAllText(index, new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map }.ToJsonString());
        Same();
        ModelConversion.ToHuggingFace(PathOf("model"), Output);
        Assert.True(File.Exists(Path.Combine(Output, "model.safetensors")));
        Assert.False(File.Exists(Path.Combine(Output, "model.safetensors.index.json")));

        File.WriteAllText(index, """{"weight_map": {"a": "../secret"}}""");
        Assert.Contains("same folder", Assert.Throws<InvalidDataException>(() => LoadedModel.Load(PathOf("model"))).Message);
        File.Delete(index);
        PickleBytes pickle = new PickleBytes().Global("collections", "OrderedDict").Op(')').Op('R').Op('(');
        List<(string, byte[])> storages = [];
        foreach (TensorDescription tensor in DecoderTensors.Of(checkpoint.Configuration))
        {
            int[] shape = [.. tensor.Shape.Select(size => (int)size)];
            pickle.Text(tensor.Name).Tensor("FloatStorage", $"{storages.Count}", checkpoint.Tensors[tensor.Name].Length, 0, shape, shape.Length == 2 ? [shape[1], 1] : [1]);
            storages.Add(($"{storages.Count}", PickleBytes.Floats(checkpoint.Tensors[tensor.Name])));
        }

        File.WriteAllBytes(Path.Combine(PathOf("model"), "pytorch_model.bin"), PickleBytes.Zip(pickle.Op('u').Done(), storages));
        Same();

        void Same()
        {
            using LoadedModel loaded = LoadedModel.Load(PathOf("model"), threadCount: 1);
            Assert.Equal(expected, DecoderGraphTests.All(loaded.Model, [1, 2, 3]));
        }
    }

    [Fact]
    public void A_model_of_CTranslate2_converted_transliterates_as_it_did()
    {
        string source = Path.Combine(SharedData.Require("ct2-aren-transliteration"), "v2-aren-transliteration");
        ModelConversion.ToHuggingFace(source, Output);
        Same(source, ["آتزمون", "آزا"]);
    }

    [Fact]
    public void A_model_of_OpenNMT_converted_speaks_as_it_did()
    {
        string source = SharedData.Require("opennmt-g2p-attention");
        string[] words = [.. File.ReadLines(Path.Combine(source, "morph-src.valid")).Take(20)];
        ModelConversion.ToHuggingFace(source, Output);
        Same(source, words);
    }

    [Fact]
    public void A_small_model_of_OpenNMT_keeps_its_weights_and_words()
    {
        WriteOpenNmt(PathOf("onmt"));
        ModelConversion.ToHuggingFace(PathOf("onmt"), Output, new() { Type = TensorType.BFloat16 });
        using LoadedTranslator loaded = LoadedTranslator.Load(Output, threadCount: 1);
        Assert.Equal("a", loaded.Translator.Vocabularies.Source.IdToToken(2));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Output, "model.safetensors"));
        float[] bias = new float[6];
        file.ReadFloat32("decoder.projection.bias", bias);
        Assert.Equal([0f, 1, 2, 3, 4, 5], bias);
    }

    [Fact]
    public void What_cannot_be_converted_is_named()
    {
        Assert.Contains("no such file or folder", Assert.Throws<FileNotFoundException>(() => ModelConversion.ToHuggingFace(PathOf("none"), Output)).Message);
        File.WriteAllText(PathOf("text.txt"), "text");
        Assert.Contains("unknown kind of model", Fails(PathOf("text.txt")));
        Directory.CreateDirectory(PathOf("counts"));
        File.WriteAllText(PathOf("counts/config.json"), """{"model_type": "ngram"}""");
        Assert.Contains("--to arpa", Fails(PathOf("counts")));
        WriteFolder(PathOf("model"), "llama");
        Assert.Contains("another folder", Assert.Throws<InvalidDataException>(() => ModelConversion.ToHuggingFace(PathOf("model"), PathOf("model"))).Message);
        byte[] pickle = new PickleBytes().Op('}').Text("w").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s').Done();
        File.WriteAllBytes(PathOf("bare.pt"), PickleBytes.Zip(pickle, [("0", PickleBytes.Floats(1))]));
        Assert.Contains("name its --tokenizer", Fails(PathOf("bare.pt")));

        string Fails(string source) => Assert.Throws<InvalidDataException>(() => ModelConversion.ToHuggingFace(source, Output)).Message;
    }

    private void Same(string source, string[] lines)
    {
        TranslationOptions options = new() { Search = new() { BeamCount = 2, MaxTokens = 40 } };
        using LoadedTranslator before = LoadedTranslator.Load(source, threadCount: 1), after = LoadedTranslator.Load(Output, threadCount: 1);
        foreach (string line in lines)
        {
            TranslatedText expected = before.Translator.Translate(line, options, TestContext.Current.CancellationToken);
            TranslatedText actual = after.Translator.Translate(line, options, TestContext.Current.CancellationToken);
            Assert.Equal((expected.Text, expected.Score), (actual.Text, actual.Score));
        }
    }

    // Half of the numbers around it in the type: by decimal arithmetic of its definition, not by the conversion under test.
    private static float Nearest(float value, TensorType type)
    {
        if (type == TensorType.Float32 || value == 0)
            return value;
        int fraction = type == TensorType.BFloat16 ? 7 : 10, least = type == TensorType.BFloat16 ? -126 : -14;
        int exponent = Math.Max((int)Math.Floor(Math.Log2(Math.Abs(value))), least);
        double unit = Math.Pow(2, exponent - fraction);
        return (float)(Math.Round(value / unit, MidpointRounding.ToEven) * unit);
    }

    private static SafetensorsEntry Entry(RandomCheckpoint checkpoint, string name) => SafetensorsEntry.Float32(
        name, DecoderTensors.Of(checkpoint.Configuration).First(tensor => tensor.Name == name).Shape, checkpoint.Tensors[name]);

    private static RandomCheckpoint WriteFolder(string folder, string shape, Action<RandomCheckpoint>? change = null)
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape(shape), 7);
        change?.Invoke(checkpoint);
        Directory.CreateDirectory(folder);
        JsonObject configuration = checkpoint.Configuration.ToHuggingFaceJson();
        configuration["a_key_of_others"] = "kept";
        File.WriteAllText(Path.Combine(folder, "config.json"), configuration.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"temperature": 0.7}""");
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. checkpoint.Tensors.Keys.Select(name => Entry(checkpoint, name))]);
        CharacterTrainer.FromCharacters([.. Enumerable.Range(0, 37).Select(i => ((char)('A' + i)).ToString())]).Save(folder);
        return checkpoint;
    }

    // Width 4, feed-forward 3, 2 layers, 2 heads, 1 key-value head, context 8.
    private static void WriteLlama2c(string path, bool tied)
    {
        const int Vocabulary = 264;
        int[] header = [4, 3, 2, 2, 1, tied ? Vocabulary : -Vocabulary, 8];
        int count = (Vocabulary * 4) + (2 * 4) + (2 * 16) + (2 * 8) + (2 * 8) + (2 * 16) + (2 * 4) + (3 * 2 * 12) + 4 + (8 * 2) + (tied ? 0 : Vocabulary * 4);
        Random random = new(5);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        File.WriteAllBytes(path, [.. MemoryMarshal.AsBytes(header.AsSpan()), .. MemoryMarshal.AsBytes(values.AsSpan())]);
    }

    // <unk>, begin, end, 256 bytes, then " ", "a", "b", "ab", " ab" with falling scores but for the merges.
    private static void WriteVocabulary(string path)
    {
        List<(string Token, float Score)> tokens = [("<unk>", 0), ("\n<s>\n", 0), ("\n</s>\n", 0)];
        tokens.AddRange(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f)));
        tokens.AddRange([(" ", -10), ("a", -11), ("b", -12), ("ab", -1), (" ab", -2)]);
        List<byte> file = [.. BitConverter.GetBytes(6)];
        foreach ((string token, float score) in tokens)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(token);
            file.AddRange([.. BitConverter.GetBytes(score), .. BitConverter.GetBytes(bytes.Length), .. bytes]);
        }

        File.WriteAllBytes(path, [.. file]);
    }

    // A one-layer LSTM with input feeding, 2 wide; the projection's bias counts up.
    private static void WriteOpenNmt(string folder)
    {
        (string Name, long[] Shape)[] tensors =
        [
            ("encoder.embeddings.emb_luts.0.weight", [3, 2]), ("encoder.rnn.weight_ih_l0", [8, 2]), ("encoder.rnn.weight_hh_l0", [8, 2]),
            ("encoder.rnn.bias_ih_l0", [8]), ("encoder.rnn.bias_hh_l0", [8]), ("decoder.embeddings.emb_luts.0.weight", [6, 2]),
            ("decoder.rnn.layers.0.weight_ih", [8, 4]), ("decoder.rnn.layers.0.weight_hh", [8, 2]), ("decoder.rnn.layers.0.bias_ih", [1, 8]),
            ("decoder.rnn.layers.0.bias_hh", [1, 8]), ("decoder.attn.linear_in.weight", [2, 2]), ("decoder.attn.linear_out.weight", [2, 4]),
            ("generator.0.weight", [6, 2]), ("generator.0.bias", [6]),
        ];
        Directory.CreateDirectory(folder);
        JsonArray list = [];
        List<byte> data = [];
        foreach ((string name, long[] shape) in tensors)
        {
            list.Add(new JsonObject { ["name"] = name, ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]), ["offset"] = data.Count });
            for (int i = 0; i < shape.Aggregate(1L, (a, b) => a * b); i++)
                data.AddRange(BitConverter.GetBytes((float)i));
        }

        JsonObject root = new()
        {
            ["src_vocab"] = new JsonArray("<unk>", "<blank>", "a"),
            ["tgt_vocab"] = new JsonArray("<unk>", "<blank>", "<s>", "b", "c", "</s>"),
            ["tensors"] = list,
        };
        File.WriteAllText(Path.Combine(folder, "weights.json"), root.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder, "weights.f32"), [.. data]);
    }
}
