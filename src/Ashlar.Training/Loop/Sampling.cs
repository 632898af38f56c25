using System.Text;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Tokenizers;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Loop;

/// <summary>Continues the recipe's prompts with the weights as they are, by the inference path itself.</summary>
internal static class Sampling
{
    /// <summary>Encodes the prompts once before the run, which would otherwise fail at its first samples.</summary>
    /// <exception cref="InvalidDataException">A prompt is empty where nothing begins a text, or the vocabulary cannot spell it.</exception>
    public static void Check(Tokenizer tokenizer, Recipe recipe)
    {
        foreach (string prompt in recipe.Evaluation.SampleTokens > 0 ? recipe.Evaluation.Prompts : [])
        {
            try
            {
                if (Prompt(prompt, tokenizer, recipe, out _).Length == 0)
                    throw new InvalidDataException("the text is empty; expected at least one character, since this tokenizer has no end-of-text token to begin with.");
            }
            catch (InvalidDataException error)
            {
                throw new InvalidDataException($"{recipe.Name}: evaluation.prompts, \"{prompt}\": {error.Message}", error);
            }
        }
    }

    public static IReadOnlyList<TrainingSample> Continue(ILanguageModel graph, Tokenizer tokenizer, Recipe recipe, int step)
    {
        SamplingOptions sampling = new()
        {
            Temperature = recipe.Evaluation.Temperature,
            TopK = recipe.Evaluation.TopK,
            Seed = (ulong)recipe.Seed,
        };
        List<TrainingSample> samples = [];
        foreach (string prompt in recipe.Evaluation.Prompts)
        {
            int[] start = Prompt(prompt, tokenizer, recipe, out int[] stop);
            using LanguageModelState state = graph.NewState();
            TokenGenerator generator = new(graph, state, start, new GenerationOptions
            {
                Sampling = sampling,
                MaxTokens = recipe.Evaluation.SampleTokens,
                StopIds = stop,
                ContextPolicy = ContextPolicy.Slide,
            });
            StreamingDecoder decoder = tokenizer.NewStreamingDecoder();
            foreach (int token in start)
                decoder.Append(token); // so that a first word of the sample is set off from the prompt's last one
            StringBuilder text = new();
            while (generator.TryNext(out int next))
                text.Append(decoder.Append(next));
            samples.Add(new TrainingSample(step, prompt, text.Append(decoder.Flush()).ToString()));
        }

        return samples;
    }

    private static int[] Prompt(string prompt, Tokenizer tokenizer, Recipe recipe, out int[] stop)
    {
        if (recipe.Task == TrainingTask.Sft)
        {
            Tokenizers.Chat.ChatMl chat = new(tokenizer);
            stop = [chat.EndId];
            return chat.Encode([new("user", prompt)], addGenerationPrompt: true).Ids;
        }

        stop = tokenizer.SpecialTokens.EndOfText is { } end ? [end] : [];
        return [.. stop, .. tokenizer.Encode(prompt)];
    }
}
