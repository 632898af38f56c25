using System.Buffers.Binary;
using System.Text;

namespace Ashlar.Inference.Tests.Golden;

/// <summary>
/// llama2.c's own tokenizer, kept apart from Ashlar's: longest token length, then for each token its score, length and bytes.
/// Text is a leading space and characters (bytes where a character has no token), merged pair by best score.
/// </summary>
internal sealed class Llama2cVocabulary
{
    private readonly List<(byte[] Bytes, float Score)> _tokens = [];
    private readonly Dictionary<string, int> _ids = [];

    public Llama2cVocabulary(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        for (int at = 4; at < file.Length;)
        {
            float score = BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(at));
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4));
            byte[] bytes = file[(at + 8)..(at + 8 + length)];
            _ids.TryAdd(Encoding.Latin1.GetString(bytes), _tokens.Count);
            _tokens.Add((bytes, score));
            at += 8 + length;
        }
    }

    public List<int> Encode(string text)
    {
        List<int> ids = [1];
        if (text.Length == 0)
            return ids;
        ids.Add(_ids[" "]);
        foreach (Rune rune in text.EnumerateRunes())
        {
            string bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(rune.ToString()));
            if (_ids.TryGetValue(bytes, out int id))
                ids.Add(id);
            else
                ids.AddRange(bytes.Select(b => b + 3));
        }

        while (true)
        {
            (int best, int merged, float score) = (-1, 0, float.NegativeInfinity);
            for (int i = 1; i < ids.Count - 1; i++)
                if (_ids.TryGetValue(Text(ids[i]) + Text(ids[i + 1]), out int id) && _tokens[id].Score > score)
                    (best, merged, score) = (i, id, _tokens[id].Score);
            if (best < 0)
                return ids;
            ids[best] = merged;
            ids.RemoveAt(best + 1);
        }

        string Text(int id) => Encoding.Latin1.GetString(_tokens[id].Bytes);
    }

    public string Decode(IReadOnlyList<int> ids)
    {
        List<byte> text = [];
        for (int i = 1; i < ids.Count; i++)
        {
            string token = Encoding.Latin1.GetString(_tokens[ids[i]].Bytes);
            if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal))
                text.Add(Convert.ToByte(token[3..5], 16));
            else
                text.AddRange(_tokens[ids[i]].Bytes.Skip(ids[i - 1] == 1 && token[0] == ' ' ? 1 : 0));
        }

        return Encoding.UTF8.GetString([.. text]);
    }
}
