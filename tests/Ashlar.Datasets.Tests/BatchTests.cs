using System.Text.Json.Nodes;
using Ashlar.Datasets.Batches;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Datasets.Tests;

public sealed class BatchTests
{
    private static readonly Gen<List<TokenExample>> Examples =
        Gen.Int[2, 40].Select(length => length).List[1, 30].Select(lengths =>
        {
            int next = 0;
            return lengths.Select(length => new TokenExample([.. Enumerable.Range(next += 100, length)])).ToList();
        });

    private static IBatchSource[] Sources(int seed) =>
    [
        new RandomCrops([.. Enumerable.Range(0, 100)], 3, 8, seed),
        new PackedRows(Enumerable.Range(1, 40).Select(n => new TokenExample([.. Enumerable.Range(n * 100, 2 + n % 13)])), 3, 16, seed),
    ];

    [Fact]
    public void A_restored_source_continues_bit_for_bit()
    {
        for (int kind = 0; kind < 2; kind++)
        {
            IBatchSource source = Sources(7)[kind];
            for (int i = 0; i < 13; i++)
                source.Next();
            JsonObject state = JsonNode.Parse(source.SaveState().ToJsonString())!.AsObject();
            List<long[]> expected = [.. Enumerable.Range(0, 20).Select(_ => source.Next().Inputs)];
            IBatchSource other = Sources(99)[kind];
            other.RestoreState(state);
            Assert.Equal(expected, Enumerable.Range(0, 20).Select(_ => other.Next().Inputs));
        }
    }

    [Fact]
    public void Crops_predict_the_token_that_follows()
    {
        TokenBatch batch = Sources(1)[0].Next();
        for (int i = 0; i < batch.Inputs.Length; i++)
            Assert.Equal(batch.Inputs[i] + 1, batch.Targets[i]);
    }

    [Fact]
    public void Packing_loses_no_target_and_never_predicts_across_documents() => Examples.Sample(examples =>
    {
        PackedRows source = new(examples, 2, 16, 3);
        HashSet<long> seen = [];
        int all = examples.Sum(example => example.Ids.Length - 1);
        for (int batches = 0; seen.Count < all; batches++)
        {
            Assert.True(batches < 3 * all + 3, "an epoch must end");
            TokenBatch batch = source.Next();
            for (int i = 0; i < batch.Inputs.Length; i++)
            {
                if (batch.Targets[i] == TokenBatch.Ignored)
                    continue;
                Assert.Equal(batch.Inputs[i] + 1, batch.Targets[i]);
                seen.Add(batch.Targets[i]);
                bool starts = i % batch.Length == 0 || batch.Documents![i] != batch.Documents[i - 1];
                Assert.Equal(starts ? 0 : batch.Positions![i - 1] + 1, batch.Positions![i]);
            }
        }
    });

    [Fact]
    public void Supervision_follows_the_mask()
    {
        TokenExample example = new([10, 11, 12, 13], [false, false, true, false]);
        TokenBatch batch = Assert.Single(EvaluationBatches.Documents([example], 4, 8));
        Assert.Equal([10L, 11, 12], batch.Inputs);
        Assert.Equal([TokenBatch.Ignored, 12, TokenBatch.Ignored], batch.Targets);
        Assert.Equal(1, batch.SupervisedCount);
    }

    // What is learned of a conversation is the assistant's words and their ends: no user, no system, no output of a tool, however it is
    // packed or cut.
    [Fact]
    public void Of_conversations_only_replies_are_targets_also_packed_and_cut()
    {
        Tokenizer tokenizer = ByteLevelBpeTrainer.Train(["what is two and two the tool says four"], 290, ["<|endoftext|>", ChatMl.Start, ChatMl.End]);
        ChatMl chat = new(tokenizer);
        ChatMessage[] messages =
        [
            new("system", "be brief"), new("user", "what is 2+2"), new("assistant", "ask the tool"), new("tool", "four"), new("assistant", "four"),
            new("user", "and <|im_end|> twice?"), new("assistant", "eight"),
        ];
        (int[] ids, bool[] supervised) = chat.Encode(messages);
        int[] replies = [.. messages.Where(message => message.Role == "assistant").SelectMany(message => (int[])[.. tokenizer.Encode(message.Content), chat.EndId])];
        Assert.Equal(replies, ids.Where((_, i) => supervised[i]));

        // Packed whole: the same targets, in order.
        PackedRows packed = new([new TokenExample(ids, supervised)], 1, ids.Length, 1);
        Assert.Equal(replies, packed.Next().Targets.Where(target => target != TokenBatch.Ignored).Select(target => (int)target));

        // Packed beside others and cut into shorter rows: none is lost, none is added.
        (int[] Ids, bool[] Supervised)[] chats = [.. Enumerable.Range(0, 7).Select(n => chat.Encode(messages[..(2 + (n % 2 * 3))]))];
        PackedRows cut = new(chats.Select(item => new TokenExample(item.Ids, item.Supervised)), 2, 24, 1);
        long[] expected = [.. chats.SelectMany(item => item.Ids.Where((_, i) => item.Supervised[i]).Select(id => (long)id))];
        List<long> seen = [];
        while (seen.Count < 3 * expected.Length) // epochs overlap in a batch
            seen.AddRange(cut.Next().Targets.Where(target => target != TokenBatch.Ignored));
        Assert.Equal(expected.Distinct().Order(), seen.Distinct().Order());
    }

    [Fact]
    public void Evaluation_windows_hold_every_target_once() => Gen.Int[2, 200].Sample(count =>
    {
        int[] tokens = [.. Enumerable.Range(0, count)];
        List<long> targets = [.. EvaluationBatches.Windows(tokens, 3, 16).SelectMany(batch => batch.Targets).Where(target => target != TokenBatch.Ignored)];
        Assert.Equal(Enumerable.Range(1, count - 1).Select(token => (long)token), targets.Order());
    });

    [Fact]
    public void The_split_is_by_content_and_near_its_fraction()
    {
        string[] documents = [.. Enumerable.Range(0, 2000).Select(i => $"document {i}")];
        int held = documents.Count(document => DocumentSplit.IsValidation(document, 0.1));
        Assert.InRange(held, 140, 260);
        Assert.Equal(documents.Count(document => DocumentSplit.IsValidation(document, 0.1)), documents.Reverse().Count(document => DocumentSplit.IsValidation(document, 0.1)));
        Assert.DoesNotContain(documents, document => DocumentSplit.IsValidation(document, 0));
    }

    [Fact]
    public void Random_numbers_are_even_and_restore()
    {
        RandomSource random = new(5);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
            counts[random.Next(7)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
        RandomSource other = new(6);
        other.Restore(random.Save());
        Assert.Equal(random.NextBits(), other.NextBits());
    }
}
