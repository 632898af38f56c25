namespace Ashlar.Tokenizers.Models;

/// <summary>
/// A trie over UTF-8 in a double array (Aoe 1989): the child of a node by a byte is one addition and one comparison away, which
/// makes finding every token that begins at a place cheap.
/// </summary>
internal sealed class ByteTrie
{
    private int[] _base;
    private int[] _check; // the parent of a node, -1 where a place is free
    private int[] _values;
    private int _firstFree = 1;

    /// <summary>Builds the trie.</summary>
    /// <param name="keys">Keys, none empty, and their values of 0 or more; of equal keys the first counts.</param>
    public ByteTrie(IEnumerable<(byte[] Key, int Value)> keys)
    {
        (byte[] Key, int Value)[] sorted = [.. keys];
        int[] order = [.. Enumerable.Range(0, sorted.Length)];
        Array.Sort(order, (a, b) => sorted[a].Key.AsSpan().SequenceCompareTo(sorted[b].Key) is int by and not 0 ? by : a.CompareTo(b));
        sorted = [.. order.Select(i => sorted[i])];
        int size = Math.Max(512, sorted.Length * 4);
        _base = new int[size];
        _check = new int[size];
        _values = new int[size];
        Array.Fill(_check, -1);
        Array.Fill(_values, -1);
        _check[0] = 0;
        Fill(sorted);
    }

    /// <summary>The node that every key begins at.</summary>
    public const int Root = 0;

    /// <summary>The child of a node by a byte.</summary>
    /// <param name="node">The node; becomes the child.</param>
    /// <param name="value">The byte.</param>
    /// <param name="found">The value of the key that ends at the child, or -1.</param>
    /// <returns>Whether there is such a child.</returns>
    public bool Step(ref int node, byte value, out int found)
    {
        int next = _base[node] + value + 1;
        if ((uint)next < (uint)_check.Length && _check[next] == node && next != Root)
        {
            node = next;
            found = _values[next];
            return true;
        }

        found = -1;
        return false;
    }

    private void Fill((byte[] Key, int Value)[] keys)
    {
        Stack<(int Node, int Depth, int From, int To)> open = new();
        open.Push((Root, 0, 0, keys.Length));
        List<(byte Value, int From)> children = [];
        while (open.TryPop(out (int Node, int Depth, int From, int To) at))
        {
            int i = at.From;
            if (i < at.To && keys[i].Key.Length == at.Depth)
            {
                if (at.Depth > 0)
                    _values[at.Node] = keys[i].Value;
                while (i < at.To && keys[i].Key.Length == at.Depth)
                    i++;
            }

            children.Clear();
            for (; i < at.To; i++)
            {
                byte value = keys[i].Key[at.Depth];
                if (children.Count == 0 || children[^1].Value != value)
                    children.Add((value, i));
            }

            if (children.Count == 0)
                continue;
            int start = FindBase(children);
            _base[at.Node] = start;
            foreach ((byte value, _) in children)
                _check[start + value + 1] = at.Node;
            for (int child = 0; child < children.Count; child++)
            {
                int end = child + 1 < children.Count ? children[child + 1].From : at.To;
                open.Push((start + children[child].Value + 1, at.Depth + 1, children[child].From, end));
            }
        }
    }

    // The first place where all children are free. Places that were passed over often are given up.
    private int FindBase(List<(byte Value, int From)> children)
    {
        while (_firstFree < _check.Length && _check[_firstFree] >= 0)
            _firstFree++;
        int lowest = children[0].Value + 1;
        int tried = 0;
        for (int place = Math.Max(_firstFree, lowest); ; place++)
        {
            int start = place - lowest;
            Reserve(start + 257);
            if (_check[place] >= 0)
                continue;
            bool free = true;
            for (int i = 1; i < children.Count && free; i++)
                free = _check[start + children[i].Value + 1] < 0;
            if (free)
            {
                if (tried > 64)
                    _firstFree = Math.Max(_firstFree, place - 32);
                return start;
            }

            tried++;
        }
    }

    private void Reserve(int size)
    {
        if (size < _check.Length)
            return;
        int old = _check.Length;
        int grown = Math.Max(size + 1, old * 2);
        Array.Resize(ref _base, grown);
        Array.Resize(ref _check, grown);
        Array.Resize(ref _values, grown);
        Array.Fill(_check, -1, old, grown - old);
        Array.Fill(_values, -1, old, grown - old);
    }
}
