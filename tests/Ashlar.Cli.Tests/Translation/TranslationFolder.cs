using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Translation;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Cli.Tests.Translation;

/// <summary>Folders with small translation models of random weights, as training writes them.</summary>
internal static class TranslationFolder
{
    // a-h = 0..7, then <pad>, <s>, </s>, <2en>, <2zh>, <en>, <zh>
    public static Tokenizer Letters { get; } = CharacterTrainer.Train(["abcdefgh"], ["<pad>", "<s>", "</s>", "<2en>", "<2zh>", "<en>", "<zh>"]);

    private static TranslationFormat Format(SourceTags tags, bool reverse) =>
        new() { PaddingId = 8, BeginId = 9, EndId = 10, SourceEndId = 10, Tags = tags, ReverseSource = reverse };

    public static void Transformer(string folder, SourceTags tags = SourceTags.None, bool reverse = false)
    {
        TransformerConfiguration configuration = new()
        {
            SourceVocabularySize = Letters.VocabularySize,
            TargetVocabularySize = Letters.VocabularySize,
            Width = 16,
            EncoderLayerCount = 1,
            DecoderLayerCount = 2,
            EncoderHeadCount = 2,
            DecoderHeadCount = 2,
            EncoderFeedForwardWidth = 24,
            DecoderFeedForwardWidth = 24,
            MaximumLength = 32,
            Format = Format(tags, reverse),
        };
        Write(folder, configuration.ToJson(), TransformerTensors.Of(configuration));
        new TranslationVocabularies(Letters, Letters).Save(folder);
    }

    public static void Recurrent(string folder, RecurrentAttention attention)
    {
        RecurrentTranslationConfiguration configuration = new()
        {
            Cell = RecurrentCell.Gru,
            SourceVocabularySize = Letters.VocabularySize,
            TargetVocabularySize = Letters.VocabularySize,
            EmbeddingWidth = 8,
            EncoderWidth = 8,
            DecoderWidth = 16,
            Bidirectional = true,
            Attention = attention,
            Format = Format(SourceTags.None, false),
        };
        Write(folder, configuration.ToJson(), RecurrentTranslationTensors.Of(configuration));
        // Two vocabularies, though equal, so that they lie in folders of their own.
        new TranslationVocabularies(Letters, CharacterTrainer.Train(["abcdefgh"], ["<pad>", "<s>", "</s>", "<2en>", "<2zh>", "<en>", "<zh>"])).Save(folder);
    }

    internal static void Write(string folder, JsonObject configuration, IEnumerable<TensorDescription> tensors)
    {
        Directory.CreateDirectory(folder);
        Random random = new(3);
        File.WriteAllText(Path.Combine(folder, "config.json"), configuration.ToJsonString());
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
        [
            .. tensors.Select(tensor =>
            {
                float[] values = new float[tensor.Shape.Aggregate(1L, (product, length) => product * length)];
                for (int i = 0; i < values.Length; i++)
                    values[i] = (random.NextSingle() * 2 - 1) * 0.7f;
                // Letters and, now and then, the end: no other special token.
                if (tensor.Name is "final_logits_bias" or "decoder.projection.bias")
                {
                    values.AsSpan(8).Fill(-30);
                    values[10] = 0;
                }

                return SafetensorsEntry.Float32(tensor.Name, tensor.Shape, values);
            }),
        ]);
    }
}
