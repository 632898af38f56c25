namespace Ashlar.Checkpoints.TorchSave;

// What a pickle of a state dict is made of, beside string, long, double, bool, BigInteger, byte[] and null.

/// <summary>A Python tuple.</summary>
internal sealed record PickleTuple(IReadOnlyList<object?> Items);

/// <summary>A Python list.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A Python dict or OrderedDict: in order of insertion.</summary>
internal sealed class PickleDictionary
{
    private readonly Dictionary<object, int> _places = [];

    public List<(object Key, object? Value)> Items { get; } = [];

    public void Set(object key, object? value)
    {
        if (_places.TryAdd(key, Items.Count))
            Items.Add((key, value));
        else
            Items[_places[key]] = (key, value);
    }
}

/// <summary>
/// An object of some Python class, taken for what it carries: nothing of the class is known or run. It appears only where
/// <see cref="PickleReader"/> is told to let objects pass.
/// </summary>
/// <param name="Class">The class's name.</param>
internal sealed record PickleObject(string Class)
{
    /// <summary>The attributes that it was given.</summary>
    public PickleDictionary State { get; set; } = new();
}

/// <summary>A name the pickle refers to; one of the few that <see cref="PickleReader"/> lets pass.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>A storage: a run of numbers of one type, by its key in the archive.</summary>
internal sealed record TorchStorage(string Key, TensorType Type, long Count);

/// <summary>A view of a storage.</summary>
/// <param name="Storage">Where the numbers lie.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Strides">Elements between neighbours in each dimension.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Whether the elements lie one after another in row-major order.</summary>
    public bool Contiguous
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return false;
                expected *= Shape[i];
            }

            return true;
        }
    }
}
