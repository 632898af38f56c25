using System.Buffers.Binary;
using System.Text;

namespace Ashlar.Checkpoints.CTranslate2;

/// <summary>The variables of a CTranslate2 <c>model.bin</c> of format version 2, all 32-bit floats.</summary>
internal sealed class CTranslate2Variables
{
    private readonly Dictionary<string, (int[] Shape, float[] Values)> _variables = [];

    private CTranslate2Variables(string specification) => Specification = specification;

    /// <summary>The kind of model, such as <c>TransformerBase</c>.</summary>
    public string Specification { get; }

    public IReadOnlyCollection<string> Names => _variables.Keys;

    public bool Has(string name) => _variables.ContainsKey(name);

    /// <exception cref="InvalidDataException">There is no such variable.</exception>
    public (int[] Shape, float[] Values) this[string name] =>
        _variables.TryGetValue(name, out (int[], float[]) found) ? found : throw new InvalidDataException($"variable {name} is missing.");

    public static CTranslate2Variables Read(ReadOnlySpan<byte> data)
    {
        Cursor cursor = new(data);
        uint version = cursor.UInt32();
        if (version != 2)
            throw new InvalidDataException($"format version {version}; expected 2.");
        CTranslate2Variables variables = new(cursor.Text());
        cursor.UInt32(); // the specification's revision
        uint count = cursor.UInt32();
        for (uint i = 0; i < count; i++)
        {
            string name = cursor.Text();
            int[] shape = new int[cursor.Take(1)[0]];
            long size = 1;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                shape[axis] = (int)Math.Min(cursor.UInt32(), int.MaxValue);
                size = Math.Min(size * shape[axis], int.MaxValue);
            }

            int itemSize = cursor.Take(1)[0];
            uint length = cursor.UInt32();
            if (itemSize != sizeof(float))
                throw new InvalidDataException($"variable {name} has values of {itemSize} bytes; expected 32-bit floats.");
            if (length != size)
                throw new InvalidDataException($"variable {name} has {length} values for shape [{string.Join(", ", shape)}].");
            ReadOnlySpan<byte> bytes = cursor.Take(length * (long)itemSize);
            float[] values = new float[length];
            for (int at = 0; at < values.Length; at++)
                values[at] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(at * sizeof(float))..]);
            if (!variables._variables.TryAdd(name, (shape, values)))
                throw new InvalidDataException($"there are two variables {name}.");
        }

        return cursor.AtEnd ? variables : throw new InvalidDataException("there is more in the file than its variables.");
    }

    private ref struct Cursor(ReadOnlySpan<byte> data)
    {
        private ReadOnlySpan<byte> _rest = data;

        public readonly bool AtEnd => _rest.IsEmpty;

        public ReadOnlySpan<byte> Take(long length)
        {
            if (length > _rest.Length)
                throw new InvalidDataException("the file is cut short.");
            ReadOnlySpan<byte> taken = _rest[..(int)length];
            _rest = _rest[(int)length..];
            return taken;
        }

        public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        // Length with the zero byte that ends it.
        public string Text()
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
            return Encoding.UTF8.GetString(Take(length)).TrimEnd('\0');
        }
    }
}
