namespace Ashlar.Training.NGrams;

/// <summary>
/// A piece of the token stream that is counted in one go. A token may see as many tokens before it as its document has, up to
/// n-1; tokens that are there only to be seen (the beginning of a sentence, the end of the block before) are not counted.
/// </summary>
internal sealed class TokenBlock(int capacity)
{
    public int[] Tokens { get; } = new int[capacity];

    /// <summary>How many tokens before it each may see.</summary>
    public byte[] Depths { get; } = new byte[capacity];

    /// <summary>Whether each counts, 1 or 0.</summary>
    public byte[] Weights { get; } = new byte[capacity];

    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    public void Add(int token, int depth, bool counts)
    {
        Tokens[Count] = token;
        Depths[Count] = (byte)depth;
        Weights[Count] = counts ? (byte)1 : (byte)0;
        Count++;
    }

    public void Clear() => Count = 0;
}
