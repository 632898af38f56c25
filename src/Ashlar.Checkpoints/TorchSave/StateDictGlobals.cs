namespace Ashlar.Checkpoints.TorchSave;

/// <summary>The names that a state dict's pickle may use, and the plain values they make.</summary>
internal static class StateDictGlobals
{
    private const string OrderedDictionary = "collections.OrderedDict";
    private const string Rebuild = "torch._utils._rebuild_tensor";
    private const string RebuildWithHooks = "torch._utils._rebuild_tensor_v2";
    private const string RebuildParameter = "torch._utils._rebuild_parameter";
    private const string Size = "torch.Size";

    private static readonly Dictionary<string, TensorType> StorageTypes = new()
    {
        ["torch.FloatStorage"] = TensorType.Float32,
        ["torch.HalfStorage"] = TensorType.Float16,
        ["torch.BFloat16Storage"] = TensorType.BFloat16,
        ["torch.DoubleStorage"] = TensorType.Float64,
        ["torch.LongStorage"] = TensorType.Int64,
        ["torch.IntStorage"] = TensorType.Int32,
        ["torch.ShortStorage"] = TensorType.Int16,
        ["torch.CharStorage"] = TensorType.Int8,
        ["torch.ByteStorage"] = TensorType.UInt8,
        ["torch.BoolStorage"] = TensorType.Bool,
    };

    /// <summary>Lets a name pass.</summary>
    /// <param name="name">The name.</param>
    /// <param name="objects">Whether any other name passes too, as the class of an object of which nothing is run.</param>
    /// <exception cref="InvalidDataException">It is not one of a state dict's.</exception>
    public static PickleGlobal Find(string name, bool objects) =>
        objects || IsKnown(name)
            ? new(name)
            : throw new InvalidDataException($"the pickle asks for {name}; only state dicts of tensors are read, and nothing was executed.");

    /// <summary>What calling a name with arguments would make.</summary>
    /// <param name="callee">The name.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="objects">Whether a name that is not a state dict's makes an object that carries what it is given.</param>
    /// <exception cref="InvalidDataException">The arguments are not what PyTorch writes.</exception>
    public static object? Make(object? callee, object? arguments, bool objects)
    {
        if (callee is not PickleGlobal { Name: var name } || arguments is not PickleTuple { Items: var items })
            throw new InvalidDataException("the pickle calls something that is not a function.");
        switch (name)
        {
            case OrderedDictionary when items is []:
                return new PickleDictionary();
            case OrderedDictionary when items is [PickleList pairs]:
                PickleDictionary dictionary = new();
                foreach (object? pair in pairs.Items)
                {
                    (object? key, object? value) = pair switch
                    {
                        PickleTuple { Items: [var k, var v] } => (k, v),
                        PickleList { Items: [var k, var v] } => (k, v),
                        _ => throw Wrong(name),
                    };
                    dictionary.Set(key ?? "None", value);
                }

                return dictionary;
            case Size when items is [PickleTuple sizes]:
                return sizes;
            case RebuildParameter when items is [TorchTensor tensor, ..]:
                return tensor;
            case Rebuild or RebuildWithHooks when items is [TorchStorage storage, long offset, PickleTuple shape, PickleTuple strides, ..]:
                return Tensor(storage, offset, Sizes(shape), Sizes(strides));
            default:
                return objects && !IsKnown(name) ? new PickleObject(name) : throw Wrong(name);
        }
    }

    /// <summary>The storage of a persistent id: <c>('storage', type, key, device, count)</c>.</summary>
    /// <exception cref="InvalidDataException">It is not of this form.</exception>
    public static TorchStorage Storage(object? id)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal { Name: var type }, string key, _, long count, ..] items }
            || !StorageTypes.TryGetValue(type, out TensorType element)
            || count < 0)
            throw new InvalidDataException("the pickle refers to something outside it that is not a storage of numbers.");
        if (items.Count > 5 && items[5] is not null)
            throw new InvalidDataException("the pickle holds a view of a storage, as PyTorch before 0.4 wrote; save it again with a later one.");
        return new(key, element, count);
    }

    private static bool IsKnown(string name) =>
        name is OrderedDictionary or Rebuild or RebuildWithHooks or RebuildParameter or Size || StorageTypes.ContainsKey(name);

    private static TorchTensor Tensor(TorchStorage storage, long offset, long[] shape, long[] strides)
    {
        bool right = offset >= 0 && shape.Length == strides.Length;
        try
        {
            long last = offset;
            for (int i = 0; right && i < shape.Length; i++)
                last = checked(last + (Math.Max(shape[i], 1) - 1) * strides[i]);
            // Also that the number of elements can be counted.
            long count = shape.Aggregate(1L, (product, size) => checked(product * size));
            right = right && (count == 0 || last < storage.Count);
        }
        catch (OverflowException)
        {
            right = false;
        }

        return right
            ? new(storage, offset, shape, strides)
            : throw new InvalidDataException($"a tensor of shape [{string.Join(", ", shape)}] reaches beyond its storage {storage.Key} of {storage.Count} elements.");
    }

    private static long[] Sizes(PickleTuple tuple) =>
        [.. tuple.Items.Select(item => item is long size and >= 0 ? size : throw new InvalidDataException("a tensor's sizes and strides must be whole numbers, 0 or more."))];

    private static InvalidDataException Wrong(string name) => new($"the pickle calls {name} with arguments that PyTorch does not write.");
}
