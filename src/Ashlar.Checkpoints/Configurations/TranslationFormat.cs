using System.Text.Json.Nodes;
using static Ashlar.Checkpoints.Configurations.ConfigurationFile;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>Which language tags a translation model reads before its source.</summary>
public enum SourceTags
{
    /// <summary>None: the model serves one direction.</summary>
    None,

    /// <summary>The language to write, <c>&lt;2en&gt;</c>.</summary>
    Target,

    /// <summary>The languages to read and to write, <c>&lt;zh&gt; &lt;2en&gt;</c>.</summary>
    SourceAndTarget,
}

/// <summary>
/// What a translation model reads and writes around a sentence. The encoder reads tags, source (perhaps backwards), end; the
/// decoder reads <see cref="BeginId"/> first and writes <see cref="EndId"/> last.
/// </summary>
public sealed record TranslationFormat
{
    /// <summary>Fills rows of unequal length; an id of the target vocabulary. It is masked everywhere and never written.</summary>
    public required int PaddingId { get; init; }

    /// <summary>What the decoder reads at its first step.</summary>
    public required int BeginId { get; init; }

    /// <summary>Ends a translation.</summary>
    public required int EndId { get; init; }

    /// <summary>Ends a source; null for none.</summary>
    public int? SourceEndId { get; init; }

    /// <summary>Whether the source is read from its end to its beginning (Sutskever et al. 2014, section 3.3); tags and end keep their places.</summary>
    public bool ReverseSource { get; init; }

    /// <summary>Tags before the source.</summary>
    public SourceTags Tags { get; init; }

    /// <summary>Checks the ids.</summary>
    /// <param name="sourceVocabularySize">Number of source ids.</param>
    /// <param name="targetVocabularySize">Number of target ids.</param>
    /// <exception cref="InvalidDataException">An id is outside its vocabulary; the message names the key.</exception>
    public void Validate(int sourceVocabularySize, int targetVocabularySize)
    {
        Within("pad_token_id", PaddingId, targetVocabularySize);
        Within("decoder_start_token_id", BeginId, targetVocabularySize);
        Within("eos_token_id", EndId, targetVocabularySize);
        if (SourceEndId is { } end)
            Within("source_eos_token_id", end, sourceVocabularySize);

        static void Within(string key, int id, int size)
        {
            if ((uint)id >= (uint)size)
                throw new InvalidDataException($"{key} is {id}; the vocabulary has {size} ids.");
        }
    }

    // Marian's own files do not say it: their sources always end with eos.
    internal static TranslationFormat Read(JsonObject root, bool endsSource)
    {
        int end = Integer(root, "eos_token_id", "forced_eos_token_id");
        int padding = Integer(root, "pad_token_id");
        return new TranslationFormat
        {
            PaddingId = padding,
            BeginId = Integer(root, "decoder_start_token_id", "bos_token_id"),
            EndId = end,
            SourceEndId = root.ContainsKey("source_eos_token_id") ? (int?)Number(root, "source_eos_token_id") : endsSource ? end : null,
            ReverseSource = Flag(root, "reverse_source") ?? false,
            Tags = (Text(root, "source_tags") ?? "none") switch
            {
                "none" => SourceTags.None,
                "target" => SourceTags.Target,
                "source-and-target" => SourceTags.SourceAndTarget,
                string other => throw new InvalidDataException($"source_tags is '{other}'; expected none, target or source-and-target."),
            },
        };
    }

    internal void Write(JsonObject root)
    {
        root["pad_token_id"] = PaddingId;
        root["decoder_start_token_id"] = BeginId;
        root["bos_token_id"] = BeginId;
        root["eos_token_id"] = EndId;
        root["forced_eos_token_id"] = EndId;
        root["source_eos_token_id"] = SourceEndId;
        root["reverse_source"] = ReverseSource;
        root["source_tags"] = Tags switch
        {
            SourceTags.None => "none",
            SourceTags.Target => "target",
            _ => "source-and-target",
        };
    }
}
