using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.OpenNmt;

/// <summary>
/// OpenNMT-py's recurrent encoder-decoder, by the names of its tensors, as the model of
/// <see cref="RecurrentTranslationConfiguration"/>: an LSTM or GRU on each side, the decoder's states copied from the encoder's, Luong's
/// dot or general attention, and input feeding where the decoder is made of single cells.
/// </summary>
internal static class OpenNmtRecurrent
{
    /// <exception cref="InvalidDataException">A tensor is missing, or the model has a part that Ashlar has not.</exception>
    public static (RecurrentTranslationConfiguration Configuration, MemoryTensorSource Tensors) Convert(
        ITensorSource source, string[] sourceTokens, string[] targetTokens)
    {
        if (source.TryGet("decoder.attn.v.weight", out _) || source.Names.Any(name => name.Contains("copy_attn", StringComparison.Ordinal)))
            throw new InvalidDataException("the model has OpenNMT's additive or copy attention; expected dot or general.");
        long[] embedding = Shape("encoder.embeddings.emb_luts.0.weight"), recurrent = Shape("encoder.rnn.weight_hh_l0");
        bool feeding = source.TryGet("decoder.rnn.layers.0.weight_hh", out _);
        long[] decoder = Shape(feeding ? "decoder.rnn.layers.0.weight_hh" : "decoder.rnn.weight_hh_l0");
        RecurrentTranslationConfiguration c = new()
        {
            Cell = (recurrent[0] / recurrent[1]) switch
            {
                4 => RecurrentCell.Lstm,
                3 => RecurrentCell.Gru,
                _ => throw new InvalidDataException($"encoder.rnn.weight_hh_l0 has shape [{string.Join(", ", recurrent)}]; expected an LSTM's or a GRU's."),
            },
            SourceVocabularySize = sourceTokens.Length,
            TargetVocabularySize = targetTokens.Length,
            EmbeddingWidth = (int)embedding[1],
            EncoderWidth = (int)recurrent[1],
            DecoderWidth = (int)decoder[1],
            EncoderLayerCount = Count("encoder.rnn.weight_hh_l{0}"),
            DecoderLayerCount = Count(feeding ? "decoder.rnn.layers.{0}.weight_hh" : "decoder.rnn.weight_hh_l{0}"),
            Bidirectional = source.TryGet("encoder.rnn.weight_hh_l0_reverse", out _),
            Bridge = RecurrentBridge.Copy,
            Attention = source.TryGet("decoder.attn.linear_in.weight", out _) ? RecurrentAttention.LuongGeneral : RecurrentAttention.LuongDot,
            InputFeeding = feeding,
            Format = new TranslationFormat
            {
                PaddingId = Id(targetTokens, "<blank>"),
                BeginId = Id(targetTokens, "<s>"),
                EndId = Id(targetTokens, "</s>"),
            },
        };
        c.Validate();
        MemoryTensorSource tensors = new(source.Source);
        foreach (TensorDescription tensor in RecurrentTranslationTensors.Of(c))
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, size) => product * size)];
            // OpenNMT's attentional layer has no bias.
            if (tensor.Name != "decoder.readout.bias")
            {
                string name = Name(tensor.Name, feeding);
                if (Shape(name) is var shape && !shape.SkipWhile(size => size == 1).SequenceEqual(tensor.Shape))
                    throw new InvalidDataException($"tensor {name} has shape [{string.Join(", ", shape)}]; expected [{string.Join(", ", tensor.Shape)}].");
                source.ReadFloat32(name, values);
            }

            tensors.Add(tensor.Name, tensor.Shape, values);
        }

        return (c, tensors);

        long[] Shape(string name) => source.TryGet(name, out TensorInfo? info)
            ? [.. info.Shape]
            : throw new InvalidDataException($"tensor {name} is missing; expected a recurrent model of OpenNMT-py.");

        int Count(string pattern) =>
            Enumerable.Range(0, int.MaxValue).First(layer => !source.TryGet(string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, layer), out _));

        // A vocabulary may list a token twice; torchtext's table of ids, by which the model was trained, then has the last.
        static int Id(string[] tokens, string token) => Array.LastIndexOf(tokens, token) is >= 0 and var id
            ? id
            : throw new InvalidDataException($"the target vocabulary has no {token}.");
    }

    private static string Name(string own, bool feeding) => own switch
    {
        "encoder.embedding.weight" => "encoder.embeddings.emb_luts.0.weight",
        "decoder.embedding.weight" => "decoder.embeddings.emb_luts.0.weight",
        "decoder.attention.query.weight" => "decoder.attn.linear_in.weight",
        "decoder.readout.weight" => "decoder.attn.linear_out.weight",
        "decoder.projection.weight" => "generator.0.weight",
        "decoder.projection.bias" => "generator.0.bias",
        _ when feeding && own.StartsWith("decoder.rnn.", StringComparison.Ordinal) =>
            // decoder.rnn.weight_ih_l0 -> decoder.rnn.layers.0.weight_ih
            $"decoder.rnn.layers.{own[(own.LastIndexOf("_l", StringComparison.Ordinal) + 2)..]}.{own["decoder.rnn.".Length..own.LastIndexOf("_l", StringComparison.Ordinal)]}",
        _ => own,
    };
}
