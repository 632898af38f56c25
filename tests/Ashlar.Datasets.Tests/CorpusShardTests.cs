using Ashlar.Datasets.Batches;
using Ashlar.Datasets.Shards;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Datasets.Tests;

public sealed class CorpusShardTests : IDisposable
{
    private static readonly string[] Texts = [.. Enumerable.Range(0, 200).Select(i => $"document {i} says {string.Concat(Enumerable.Repeat("na ", i % 9))}and ends")];

    private static readonly Tokenizer Bpe = ByteLevelBpeTrainer.Train(Texts, 300, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]);

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-corpus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_document_is_on_one_side_between_two_ends_of_text()
    {
        using CorpusShards corpus = Write("a", 0.2, 1000);
        List<string> train = [.. corpus.Train.Select(Text)], validation = [.. corpus.Validation.Select(Text)];
        Assert.Equal(Texts.Order(), train.Concat(validation).Order());
        Assert.Empty(train.Intersect(validation));
        Assert.InRange(validation.Count, 20, 60); // 0.2 of 200, give or take four deviations
        int end = Bpe.SpecialTokens.EndOfText!.Value;
        Assert.All(corpus.Train.Concat(corpus.Validation), document => Assert.Equal((end, end), (document.Ids[0], document.Ids[^1])));
    }

    [Fact]
    public void The_validation_side_does_not_depend_on_the_number_of_shards_or_the_order_of_documents()
    {
        using CorpusShards one = Write("one", 0.1, 1_000_000), many = Write("many", 0.1, 50), mixed = Write("mixed", 0.1, 300, [.. Texts.Reverse()]);
        Assert.Equal(1, one.Train.ShardCount);
        Assert.True(many.Train.ShardCount > 20 && many.Validation.ShardCount > 2);
        Assert.Equal(one.Validation.Select(Text), many.Validation.Select(Text));
        Assert.Equal(one.Train.Select(Text), many.Train.Select(Text));
        Assert.Equal(one.Validation.Select(Text).Order(), mixed.Validation.Select(Text).Order());
    }

    [Fact]
    public void The_corpus_streams_one_document_after_another()
    {
        int alive = 0, most = 0;
        IEnumerable<CorpusDocument> Source()
        {
            // Documents that claim a size beyond what is encoded together, so that each is its own group.
            for (int i = 0; i < 50; i++)
            {
                most = Math.Max(most, ++alive);
                yield return new CorpusDocument($"document {i}", 1 << 30, () =>
                {
                    alive--;
                    return [1, 2, 3];
                });
            }
        }

        CorpusShards.Write(Path.Combine(_folder, "s"), Source, Source, Bpe, new CorpusShardOptions());
        Assert.Equal(1, most);
    }

    [Fact]
    public void Chats_are_written_as_chatml()
    {
        IReadOnlyList<ChatMessage> chat = [new ChatMessage("user", "document 1"), new ChatMessage("assistant", "says na")];
        CorpusShards.Write(Path.Combine(_folder, "c"), Source, Source, Bpe, new CorpusShardOptions());
        using CorpusShards corpus = CorpusShards.Open(Path.Combine(_folder, "c"), verify: true);
        Assert.Equal(new ChatMl(Bpe).Encode(chat).Ids, corpus.Train[0].Ids);

        IEnumerable<CorpusDocument> Source() => CorpusShards.Chats([chat], Bpe);
    }

    [Fact]
    public void A_mistake_is_named()
    {
        Assert.Contains("ashlar data prepare", Assert.Throws<FileNotFoundException>(() => CorpusShards.Open(_folder)).Message);
        Assert.Contains("no document fell on this side", Assert.Throws<InvalidDataException>(() => Write("x", 0.2, 100, ["only one"])).Message);
        Assert.Contains("line 7", Assert.Throws<InvalidDataException>(() => CorpusShards.Write(Path.Combine(_folder, "y"), Broken, Broken, Bpe, new CorpusShardOptions())).Message);

        Write("z", 0.2, 1000).Dispose();
        ByteLevelBpeTrainer.Train(Texts, 290, ["<|endoftext|>"]).Save(Path.Combine(_folder, "z"));
        Assert.Contains("another tokenizer", Assert.Throws<InvalidDataException>(() => CorpusShards.Open(Path.Combine(_folder, "z"))).Message);

        static IEnumerable<CorpusDocument> Broken() => [new CorpusDocument("a", 1, () => throw new InvalidDataException("file: line 7 is wrong."))];
    }

    [Fact]
    public void A_tokenizers_fingerprint_survives_saving_and_tells_others_apart()
    {
        Bpe.Save(_folder);
        Assert.Equal(TokenizerFingerprint.Of(Bpe), TokenizerFingerprint.Of(Tokenizer.Load(_folder)));
        Assert.NotEqual(TokenizerFingerprint.Of(Bpe), TokenizerFingerprint.Of(ByteLevelBpeTrainer.Train(Texts, 301, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])));
    }

    [Fact]
    public void Validation_batches_from_shards_are_those_from_memory()
    {
        using CorpusShards corpus = Write("b", 0.3, 100);
        TokenExample[] memory = [.. corpus.Validation];
        IReadOnlyList<TokenBatch> fromShards = EvaluationBatches.Documents(corpus.Validation, 4, 12), fromMemory = EvaluationBatches.Documents(memory, 4, 12);
        Assert.Equal(fromMemory.Count, fromShards.Count);
        for (int i = 0; i < fromMemory.Count; i++)
        {
            Assert.Equal(fromMemory[i].Inputs, fromShards[i].Inputs);
            Assert.Equal(fromMemory[i].Targets, fromShards[i].Targets);
            Assert.Equal(fromMemory[i].Documents, fromShards[i].Documents);
        }

        Assert.Equal(memory.Sum(document => document.Ids.Length - 1), fromShards.Sum(batch => batch.SupervisedCount));
    }

    private static string Text(TokenExample document) => Bpe.Decode(document.Ids, skipSpecialTokens: true);

    private CorpusShards Write(string name, double fraction, long largest, string[]? texts = null)
    {
        string folder = Path.Combine(_folder, name);
        CorpusShards.Write(folder, () => CorpusShards.Texts(texts ?? Texts, Bpe), null, Bpe, new CorpusShardOptions { ValidationFraction = fraction, LargestShard = largest });
        return CorpusShards.Open(folder, verify: true);
    }
}
