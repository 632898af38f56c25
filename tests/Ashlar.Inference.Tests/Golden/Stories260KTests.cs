using System.Text.Json;
using Ashlar.Checkpoints.Llama2c;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models;
using Ashlar.Tests;

namespace Ashlar.Inference.Tests.Golden;

/// <summary>stories260K, trained by Karpathy, and the texts that llama2.c writes with it.</summary>
public sealed class Stories260KTests
{
    private static readonly GenerationOptions Greedy = new() { Sampling = SamplingOptions.Greedy, StopIds = [1] };

    [Fact]
    public void Greedy_text_is_llama2c_s()
    {
        using JsonDocument golden = Golden();
        Assert.Equal(golden.RootElement.GetProperty("greedy_256").GetString(), Write("", 256, Greedy));
    }

    [Fact]
    public void Greedy_continuations_are_llama2c_s()
    {
        using JsonDocument golden = Golden();
        foreach (JsonElement story in golden.RootElement.GetProperty("greedy_prompts").EnumerateArray())
            Assert.Equal(
                story.GetProperty("output").GetString(),
                Write(story.GetProperty("prompt").GetString()!, story.GetProperty("steps").GetInt32(), Greedy));
    }

    [Fact]
    public void The_sampled_text_is_llama2c_s_with_its_random_numbers()
    {
        using JsonDocument golden = Golden();
        GenerationOptions options = Greedy with { Sampling = new() { Temperature = 1, TopP = 0.9 } };
        Assert.Equal(golden.RootElement.GetProperty("sample_t1_p0.9_seed133742_256").GetString(), Write("", 256, options, new XorShift(133742)));
    }

    [Fact]
    public void Beam_search_finds_a_likelier_story_than_greedy_decoding()
    {
        using DecoderGraph model = Load();
        BeamSearchOptions options = new() { MaxTokens = 40, StopIds = [1] };
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        BeamHypothesis greedy = BeamSearch.Search(model, new[] { 1 }, options with { BeamCount = 1 }, cancellation)[0];
        BeamHypothesis beam = BeamSearch.Search(model, new[] { 1 }, options with { BeamCount = 4 }, cancellation)[0];
        Assert.True(beam.LogProbability > greedy.LogProbability, $"{beam.LogProbability} against {greedy.LogProbability}");
    }

    private static DecoderGraph Load()
    {
        using Llama2cFile file = Llama2cFile.Open(SharedData.Require("stories260K", "stories260K.bin"));
        return DecoderGraph.Load(file.Configuration, file, threadCount: 1);
    }

    private static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("stories260K", "golden.json")));

    // llama2.c counts the prompt's tokens among its steps, and ends its output with a line feed.
    private static string Write(string prompt, int steps, GenerationOptions options, RandomSource? random = null)
    {
        Llama2cVocabulary vocabulary = new(SharedData.Require("stories260K", "tok512.bin"));
        using DecoderGraph model = Load();
        int[] tokens = [.. vocabulary.Encode(prompt)];
        TokenGenerator generator = new(model, model.NewState(), tokens, options with { MaxTokens = steps + 1 - tokens.Length }, random);
        while (generator.TryNext(out _))
        {
        }

        int[] history = [.. generator.History];
        return vocabulary.Decode(generator.FinishReason == FinishReason.StopToken ? history[..^1] : history) + "\n";
    }

    /// <summary>llama2.c's generator (xorshift*), 24 bits of it as a fraction.</summary>
    private sealed class XorShift(ulong state) : RandomSource
    {
        private ulong _state = state;

        public override double NextUnit()
        {
            _state ^= _state >> 12;
            _state ^= _state << 25;
            _state ^= _state >> 27;
            return ((uint)((_state * 0x2545F4914F6CDD1DUL) >> 32) >> 8) / 16777216f;
        }
    }
}
