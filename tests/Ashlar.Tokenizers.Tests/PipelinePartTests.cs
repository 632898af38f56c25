using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Files;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Tests;

/// <summary>The parts of <c>tokenizer.json</c>, each on the examples of its own authors' tests, read, written and read again.</summary>
public sealed class PipelinePartTests
{
    [Theory]
    // google-research/bert, tokenization_test.py.
    [InlineData("""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""", "ah\u535A\u63A8zz", "ah 博  推 zz")]
    [InlineData("""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}""", "H\u00E9llo\t\u0005\uFFFD", "hello ")]
    [InlineData("""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":false,"strip_accents":null,"lowercase":false}""", "H\u00E9llo\n", "Héllo ")]
    [InlineData("""{"type":"BertNormalizer","clean_text":false,"handle_chinese_chars":false,"strip_accents":true,"lowercase":false}""", "Ünïcödé", "Unicode")]
    [InlineData("""{"type":"Lowercase"}""", "ΑΣ İX ǅ ABC", "ας i\u0307x ǆ abc", true)]
    [InlineData("""{"type":"StripAccents"}""", "e\u0301a\u0903b", "eab")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", "  a b \n", "a b \n")]
    [InlineData("""{"type":"Strip","strip_left":false,"strip_right":true}""", "  a b \n", "  a b")]
    [InlineData("""{"type":"Replace","pattern":{"String":"''"},"content":"\""}""", "This is a ''test''", "This is a \"test\"")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "}""", "This     is   a         test", "This is a test")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "Hello", "▁Hello")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "", "")]
    [InlineData("""{"type":"Nmt"}""", "a\u0001\tb\u200Bc▁d", "a b c d")]
    [InlineData("""{"type":"NFKC"}""", "ｆ①ﬁ", "f1fi")]
    [InlineData("""{"type":"NFD"}""", "é", "e\u0301")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Lowercase"}]}""", "ÀÉ", "ae")]
    public void Normalizers(string json, string text, string expected, bool finalSigma = false)
    {
        // Lower case is a scalar at a time: no final sigma.
        expected = finalSigma ? expected.Replace('ς', 'σ') : expected;
        Normalizer part = PipelineParts.ReadNormalizer(Parse(json));
        Assert.Equal(expected, part.Normalize(text));
        Assert.Equal(expected, PipelineParts.ReadNormalizer(Parse(part.Write().ToJsonString())).Normalize(text));
    }

    [Theory]
    [InlineData("""{"type":"BertPreTokenizer"}""", "Hey friend!     How are you?!?", "Hey|friend|!|How|are|you|?|!|?")]
    [InlineData("""{"type":"BertPreTokenizer"}""", "a$b«c", "a|$|b|«|c")]
    [InlineData("""{"type":"Whitespace"}""", "Hey man!", "Hey|man|!")]
    [InlineData("""{"type":"Whitespace"}""", "How are-you? Ⓐb_1\u0301 知识，", "How|are|-|you|?|Ⓐb_1\u0301|知识|，")]
    [InlineData("""{"type":"WhitespaceSplit"}""", "Hey, man,\u00A0Good?", "Hey,|man,|Good?")]
    [InlineData("""{"type":"Punctuation","behavior":"Isolated"}""", "Hey friend!     How are you?!?", "Hey friend|!|     How are you|?|!|?")]
    [InlineData("""{"type":"Punctuation","behavior":"Removed"}""", "a,b.", "a|b")]
    [InlineData("""{"type":"CharDelimiterSplit","delimiter":"-"}""", "the-final--countdown", "the|final|countdown")]
    [InlineData("""{"type":"FixedLength","length":2}""", "ab🙂cd", "ab|🙂c|d")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "Hey friend!", "▁Hey|▁friend!")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", "Hey   friend!", "▁Hey|▁|▁|▁friend!")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}""", "Hey friend!", "Hey▁friend!")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "Hey 123 friend!", "Hey |1|2|3| friend!")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation","behavior":"Isolated"}]}""", "Hey friend!", "Hey|friend|!")]
    public void Pre_tokenizers(string json, string text, string expected)
    {
        PreTokenizer part = PipelineParts.ReadPreTokenizer(Parse(json));
        Assert.Equal(expected, Cut(part));
        Assert.Equal(expected, Cut(PipelineParts.ReadPreTokenizer(Parse(part.Write().ToJsonString()))));

        string Cut(PreTokenizer by)
        {
            List<string> pieces = [];
            by.Cut(text, atStart: true, pieces);
            return string.Join('|', pieces);
        }
    }

    [Theory]
    [InlineData("""{"type":"WordPiece","prefix":"##","cleanup":false}""", "##uelo|Ara|##új|##o|No|##guera", "##uelo Araújo Noguera")]
    [InlineData("""{"type":"WordPiece","prefix":"##","cleanup":true}""", "I|'m|here|,|do|##n|'t", "I'm here, don 't")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}""", "▁Hey|▁friend!", "Hey friend!")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never"}""", "▁Hey|▁friend!", " Hey friend!")]
    [InlineData("""{"type":"BPEDecoder","suffix":"</w>"}""", "My</w>|na|me</w>|is</w>|Jo|hn</w>", "My name is John")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""", "▁Hey|▁|▁friend", "Hey  friend")]
    public void Decoders(string json, string tokens, string expected)
    {
        TokenDecoder part = PipelineParts.ReadDecoder(Parse(json));
        Assert.Equal(expected, Join(part));
        Assert.Equal(expected, Join(PipelineParts.ReadDecoder(Parse(part.Write()!.ToJsonString()))));

        string Join(TokenDecoder by)
        {
            ArrayBufferWriter<byte> bytes = new();
            DecodingState state = default;
            foreach (string token in tokens.Split('|'))
            {
                by.Append(Encoding.UTF8.GetBytes(token), ref state, bytes);
                state.Started = true;
            }

            return Encoding.UTF8.GetString(bytes.WrittenSpan);
        }
    }

    [Fact]
    public void Wordpiece_cuts_as_berts_own_test_does()
    {
        // google-research/bert, tokenization_test.py.
        string[] vocabulary = ["[UNK]", "[CLS]", "[SEP]", "want", "##want", "##ed", "wa", "un", "runn", "##ing", ","];
        Tokenizer tokenizer = BertVocabulary.Build(vocabulary, new BertNormalizer(true, true, null, true));
        Assert.Equal([7, 4, 5, 8, 9], tokenizer.Encode("unwanted running"));
        Assert.Equal([0, 8, 9], tokenizer.Encode("unwantedX running"));
        Assert.Equal([7, 4, 5, 10, 8, 9], tokenizer.Encode("UNwant\u00E9d,running"));
        Assert.Equal([1, 7, 2, 8, 2], tokenizer.EncodePair("un", "runn").Ids);
        Assert.Equal([0, 0, 0, 1, 1], tokenizer.EncodePair("un", "runn").Types);
        Assert.Equal([0], tokenizer.Encode(new string('a', 101)));
        Assert.Equal("unwanted running", tokenizer.Decode([7, 4, 5, 8, 9]));
    }

    [Fact]
    public void A_folder_with_a_vocabulary_alone_loads_and_its_configuration_decides_the_case()
    {
        string folder = Directory.CreateTempSubdirectory("ashlar-vocabulary-").FullName;
        try
        {
            File.WriteAllLines(Path.Combine(folder, "vocab.txt"), ["[UNK]", "a", "##b", "A"]);
            Assert.Equal([3], Tokenizer.Load(folder).Encode("A"));
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"do_lower_case": true}""");
            Assert.Equal([1, 2], Tokenizer.Load(folder).Encode("ÁB"));
            File.WriteAllLines(Path.Combine(folder, "vocab.txt"), ["a", "b"]);
            Assert.Contains("[UNK]", Assert.Throws<InvalidDataException>(() => Tokenizer.Load(folder)).Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("normalizer", "Magic")]
    [InlineData("pre_tokenizer", "UnicodeScripts")]
    [InlineData("post_processor", "Magic")]
    [InlineData("decoder", "CTC")]
    [InlineData("model", "Magic")]
    public void An_unknown_part_is_named(string role, string type)
    {
        JsonObject root = new() { ["model"] = Parse("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}""") };
        root[role] = new JsonObject { ["type"] = type };
        string message = Assert.Throws<InvalidDataException>(() => TokenizerJson.Read(root, null)).Message;
        Assert.Contains($"{role}.type is {type}", message);
    }

    [Fact]
    public void The_first_form_of_bpe_marks_the_ends_of_words()
    {
        // Sennrich et al. 2016, figure 1: lower from low and lower</w>.
        JsonObject root = Parse(
            """
            {"model":{"type":"BPE","unk_token":"<unk>","end_of_word_suffix":"</w>","vocab":{"<unk>":0,"l":1,"o":2,"w":3,"e":4,"r</w>":5,"lo":6,"low":7,"er</w>":8,"w</w>":9,"low</w>":10},
            "merges":["l o","lo w","e r</w>",["lo","w</w>"]]},"pre_tokenizer":{"type":"WhitespaceSplit"},"decoder":{"type":"BPEDecoder","suffix":"</w>"}}
            """);
        Tokenizer tokenizer = TokenizerJson.Read(root, null);
        Tokenizer again = Saved.AndLoaded(tokenizer);
        foreach (Tokenizer one in (Tokenizer[])[tokenizer, again])
        {
            Assert.Equal([7, 8, 10, 7, 0, 10], one.Encode("lower low lowx low"));
            Assert.Equal("lower low", one.Decode([7, 8, 10]));
            Assert.Equal("lower low", string.Concat(Stream(one)));
        }

        static IEnumerable<string> Stream(Tokenizer one)
        {
            StreamingDecoder decoder = one.NewStreamingDecoder();
            foreach (int id in (int[])[7, 8, 10])
                yield return decoder.Append(id);
            yield return decoder.Flush();
        }
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
