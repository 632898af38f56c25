namespace Ashlar.Checkpoints.TorchSave;

/// <summary>The checksum of zip archives (PKWARE APPNOTE, section 4.4.7; polynomial 0xEDB88320).</summary>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    /// <summary>Goes on with a checksum; begin with 0.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint value = ~checksum;
        foreach (byte b in bytes)
            value = Table[(byte)(value ^ b)] ^ (value >> 8);
        return ~value;
    }

    private static uint Entry(int index)
    {
        uint value = (uint)index;
        for (int bit = 0; bit < 8; bit++)
            value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
        return value;
    }
}
