using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Ashlar.Checkpoints.TorchSave;

/// <summary>
/// The part of Python's pickle format that PyTorch's state dicts use: containers, numbers, strings, and tensors. A pickle is
/// a program for a stack machine that may call any function by name; this reader knows a handful of names, each of which
/// makes a plain value, executes nothing, and refuses every other opcode and name (Python documentation, "pickletools").
/// </summary>
/// <param name="data">The bytes; one pickle after another may lie in them.</param>
/// <param name="objects">Whether objects of any class pass, as what they carry (<see cref="PickleObject"/>); nothing is run even so.</param>
internal sealed class PickleReader(ReadOnlyMemory<byte> data, bool objects = false)
{
    private const int HighestProtocol = 5;

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];

    /// <summary>Element type of each storage that the pickles referred to, by key.</summary>
    public Dictionary<string, TensorType> Storages { get; } = [];

    /// <summary>First byte that has not been read.</summary>
    public int Position { get; set; }

    /// <summary>Reads one pickle.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or more than a state dict.</exception>
    public object? Read()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            byte code = Bytes(1)[0];
            if (code == '.')
            {
                return _stack.Count == 1 && _marks.Count == 0
                    ? _stack[0]
                    : throw new InvalidDataException("the pickle ends with an unfinished value.");
            }

            Execute(code);
        }
    }

    private void Execute(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                if (Bytes(1)[0] is var protocol && protocol > HighestProtocol)
                    throw new InvalidDataException($"the pickle has protocol {protocol}; expected at most {HighestProtocol}.");
                break;
            case 0x95: // FRAME
                Bytes(8);
                break;
            case (byte)'(':
                _marks.Add(_stack.Count);
                break;
            case (byte)'N':
                _stack.Add(null);
                break;
            case 0x88:
                _stack.Add(true);
                break;
            case 0x89:
                _stack.Add(false);
                break;
            case (byte)'J':
                _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)));
                break;
            case (byte)'K':
                _stack.Add((long)Bytes(1)[0]);
                break;
            case (byte)'M':
                _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2)));
                break;
            case 0x8a: // LONG1
                _stack.Add(Long(Bytes(Bytes(1)[0])));
                break;
            case (byte)'G':
                _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8)));
                break;
            case (byte)'X': // BINUNICODE
                _stack.Add(Encoding.UTF8.GetString(Bytes(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))));
                break;
            case 0x8c: // SHORT_BINUNICODE
                _stack.Add(Encoding.UTF8.GetString(Bytes(Bytes(1)[0])));
                break;
            case (byte)'T': // BINSTRING and SHORT_BINSTRING: names in files of Python 2
                _stack.Add(Encoding.Latin1.GetString(Bytes(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))));
                break;
            case (byte)'U':
                _stack.Add(Encoding.Latin1.GetString(Bytes(Bytes(1)[0])));
                break;
            case (byte)'B': // BINBYTES and SHORT_BINBYTES
                _stack.Add(Bytes(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))).ToArray());
                break;
            case (byte)'C':
                _stack.Add(Bytes(Bytes(1)[0]).ToArray());
                break;
            case (byte)'}':
                _stack.Add(new PickleDictionary());
                break;
            case (byte)']':
                _stack.Add(new PickleList());
                break;
            case (byte)')':
                _stack.Add(new PickleTuple([]));
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1, TUPLE2, TUPLE3
                _stack.Add(new PickleTuple(PopMany(code - 0x84)));
                break;
            case (byte)'t':
                _stack.Add(new PickleTuple(PopToMark()));
                break;
            case (byte)'s':
                SetItems(PopMany(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'a':
                Append(PopMany(1));
                break;
            case (byte)'e':
                Append(PopToMark());
                break;
            case (byte)'q': // BINPUT, LONG_BINPUT, MEMOIZE
                _memo[Bytes(1)[0]] = Peek();
                break;
            case (byte)'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))] = Peek();
                break;
            case 0x94:
                _memo[_memo.Count] = Peek();
                break;
            case (byte)'h': // BINGET, LONG_BINGET
                _stack.Add(Remembered(Bytes(1)[0]));
                break;
            case (byte)'j':
                _stack.Add(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))));
                break;
            case (byte)'c':
                string module = Line(), member = Line();
                _stack.Add(StateDictGlobals.Find($"{module}.{member}", objects));
                break;
            case 0x93: // STACK_GLOBAL
                object?[] name = PopMany(2);
                _stack.Add(StateDictGlobals.Find($"{name[0] as string}.{name[1] as string}", objects));
                break;
            case (byte)'R':
                object?[] call = PopMany(2);
                _stack.Add(StateDictGlobals.Make(call[0], call[1], objects));
                break;
            case 0x81 when objects: // NEWOBJ
                object?[] creation = PopMany(2);
                _stack.Add(creation[0] is PickleGlobal { Name: var type }
                    ? new PickleObject(type)
                    : throw new InvalidDataException("the pickle makes an object of something that is not a class."));
                break;
            case (byte)'Q':
                TorchStorage storage = StateDictGlobals.Storage(PopMany(1)[0]);
                Storages[storage.Key] = storage.Type;
                _stack.Add(storage);
                break;
            case (byte)'b': // BUILD: the metadata that a state dict carries as an attribute; nothing in it is needed
                object? state = PopMany(1)[0];
                if (Peek() is PickleObject owner)
                    owner.State = state as PickleDictionary ?? owner.State;
                else if (state is not PickleDictionary || Peek() is not PickleDictionary)
                    throw new InvalidDataException("the pickle sets attributes of something that is not a dictionary; only state dicts of tensors are read.");
                break;
            default:
                throw new InvalidDataException($"the pickle uses opcode 0x{code:x2} at byte {Position - 1}, which state dicts do not; nothing was executed.");
        }
    }

    private static object Long(ReadOnlySpan<byte> bytes)
    {
        BigInteger value = new(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (long)value : value;
    }

    private void SetItems(object?[] items)
    {
        PickleDictionary? dictionary = Peek() switch
        {
            PickleDictionary own => own,
            // A class derived from dict, such as a Counter: what it counts is nobody's business here.
            PickleObject => new PickleDictionary(),
            _ => null,
        };
        if (dictionary is null || items.Length % 2 != 0)
            throw new InvalidDataException("the pickle sets the items of something that is not a dictionary.");
        for (int i = 0; i < items.Length; i += 2)
            dictionary.Set(items[i] ?? "None", items[i + 1]);
    }

    private void Append(object?[] items)
    {
        if (Peek() is not PickleList list)
            throw new InvalidDataException("the pickle appends to something that is not a list.");
        list.Items.AddRange(items);
    }

    private object? Remembered(long index) => _memo.TryGetValue(index, out object? value)
        ? value
        : throw new InvalidDataException($"the pickle asks for value {index}, which it has not stored.");

    private object? Peek() =>
        _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) ? _stack[^1] : throw new InvalidDataException("the pickle takes a value where there is none.");

    private object?[] PopMany(int count)
    {
        if (_stack.Count - count < (_marks.Count > 0 ? _marks[^1] : 0))
            throw new InvalidDataException("the pickle takes a value where there is none.");
        object?[] items = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return items;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw new InvalidDataException("the pickle ends a group that it has not begun.");
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return PopMany(_stack.Count - mark);
    }

    private ReadOnlySpan<byte> Bytes(long count)
    {
        if (count > data.Length - Position)
            throw new InvalidDataException("the pickle is cut short.");
        ReadOnlySpan<byte> bytes = data.Span.Slice(Position, (int)count);
        Position += (int)count;
        return bytes;
    }

    private string Line()
    {
        int length = data.Span[Position..].IndexOf((byte)'\n');
        if (length < 0)
            throw new InvalidDataException("the pickle is cut short.");
        string line = Encoding.UTF8.GetString(Bytes(length));
        Position++;
        return line;
    }
}
