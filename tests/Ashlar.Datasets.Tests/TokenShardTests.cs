using System.Text.Json.Nodes;
using Ashlar.Datasets.Batches;
using Ashlar.Datasets.Shards;
using CsCheck;

namespace Ashlar.Datasets.Tests;

public sealed class TokenShardTests : IDisposable
{
    private static readonly Gen<int[][]> Documents = Gen.Int[0, 999].Array[0, 30].Array[1, 20];

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-shards-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Documents_and_stream_read_back_whatever_the_number_of_shards() => Gen.Select(Documents, Gen.Int[1, 200]).Sample((documents, largest) =>
    {
        using TokenShardSet set = Write(documents, 1000, largest);
        int[][] kept = [.. documents.Where(document => document.Length > 0)];
        Assert.Equal(kept, set.Select(document => document.Ids));
        int[] all = [.. documents.SelectMany(document => document)];
        Assert.Equal(all.Length, set.TokenCount);
        for (int start = 0; start <= all.Length; start += 7)
        {
            int[] part = new int[Math.Min(50, all.Length - start)];
            set.CopyTo(start, part);
            Assert.Equal(all[start..(start + part.Length)], part);
        }
    }, iter: 40, threads: 1);

    [Fact]
    public void The_bytes_of_a_shard_are_as_described()
    {
        using (TokenShardSet set = Write([[1, 2, 65535], [7]], 65536, 100))
            Assert.Equal(1, set.ShardCount);
        byte[] bytes = File.ReadAllBytes(Shard(0));
        byte[] expected =
        [
            .. "ASHSHARD"u8, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
            9, 8, .. new byte[30],
        ];
        Assert.Equal(expected, bytes[..72]);
        Assert.Equal(new byte[24], bytes[104..128]);
        Assert.Equal([1, 0, 2, 0, 255, 255, 7, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0], bytes[128..]);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData([.. bytes[..72], .. bytes[128..]]), bytes[72..104]);
    }

    [Fact]
    public void A_vocabulary_above_65536_takes_four_bytes()
    {
        using TokenShardSet set = Write([[70_000, 3]], 70_001, 100);
        Assert.Equal([70_000, 3], set[0].Ids);
        Assert.Equal(128 + 8 + 8, new FileInfo(Shard(0)).Length);
    }

    [Fact]
    public void Any_changed_byte_is_found_by_verification_and_any_cut_on_opening()
    {
        Write([[1, 2, 3], [4, 5]], 10, 100).Dispose();
        byte[] whole = File.ReadAllBytes(Shard(0));
        for (int i = 0; i < whole.Length; i++)
        {
            if (i is >= 104 and < 128)
                continue; // the reserved bytes say nothing
            byte[] changed = [.. whole];
            changed[i] ^= 1;
            File.WriteAllBytes(Shard(0), changed);
            Assert.Throws<InvalidDataException>(() => TokenShard.Open(Shard(0), verify: true));
        }

        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Shard(0), whole[..length]);
            Assert.Throws<InvalidDataException>(() => TokenShard.Open(Shard(0)));
        }
    }

    [Fact]
    public void Rewriting_leaves_no_shard_of_before_and_a_folder_without_its_list_is_refused()
    {
        Write([[1], [2], [3]], 10, 1).Dispose();
        Assert.Equal(3, Directory.GetFiles(_folder, "*.shard").Length);
        Write([[1], [2]], 10, 1).Dispose();
        Assert.Equal(2, Directory.GetFiles(_folder, "*.shard").Length);
        File.Delete(Path.Combine(_folder, "shards.json"));
        Assert.False(TokenShardSet.Exists(_folder));
        Assert.Contains("shards.json", Assert.Throws<FileNotFoundException>(() => TokenShardSet.Open(_folder)).Message);
    }

    [Fact]
    public void An_id_outside_the_vocabulary_leaves_no_shards()
    {
        Assert.Throws<ArgumentException>(() => Write([[1], [10]], 10, 100));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Shards_of_two_tokenizers_do_not_mix()
    {
        Write([[1], [2]], 10, 1).Dispose();
        byte[] other = File.ReadAllBytes(Shard(1));
        other[40] ^= 1;
        File.WriteAllBytes(Shard(1), other);
        Assert.Contains("another tokenizer", Assert.Throws<InvalidDataException>(() => TokenShardSet.Open(_folder)).Message);
    }

    [Fact]
    public void Batches_from_shards_are_those_from_memory_and_resume_exactly()
    {
        int[][] documents = [.. Enumerable.Range(1, 60).Select(n => Enumerable.Range(n * 10, 1 + n * 7 % 40).ToArray())];
        using TokenShardSet set = Write(documents, 2000, 100);
        Assert.True(set.ShardCount > 5);
        (IBatchSource Memory, IBatchSource Shards)[] pairs =
        [
            (new PackedRows(documents.Select(ids => new TokenExample(ids)), 3, 16, 5), new PackedRows(set, 3, 16, 5)),
            (new RandomCrops([.. documents.SelectMany(ids => ids)], 3, 16, 5), new RandomCrops(set, 3, 16, 5)),
        ];
        foreach ((IBatchSource memory, IBatchSource shards) in pairs)
        {
            for (int i = 0; i < 150; i++)
            {
                Assert.Equal(memory.Next().Inputs, shards.Next().Inputs);
                if (i % 13 == 0)
                    shards.RestoreState(JsonNode.Parse(memory.SaveState().ToJsonString())!.AsObject());
            }
        }
    }

    [Fact]
    public void A_state_of_other_documents_is_refused()
    {
        PackedRows one = new([new TokenExample([1, 2])], 1, 4, 0);
        PackedRows two = new([new TokenExample([1, 2]), new TokenExample([3, 4])], 1, 4, 0);
        Assert.Contains("same data", Assert.Throws<InvalidDataException>(() => two.RestoreState(one.SaveState())).Message);
    }

    private string Shard(int index) => Path.Combine(_folder, $"tokens-{index:D5}.shard");

    private TokenShardSet Write(int[][] documents, int vocabulary, long largest)
    {
        TokenShardWriter.Write(_folder, documents, vocabulary, [9, 8], largest);
        return TokenShardSet.Open(_folder, verify: true);
    }
}
