namespace Ashlar.Shared;

/// <summary>
/// Writes a file so that a reader, or a process killed at any moment, sees either the old file or the whole new one:
/// the bytes go to a temporary name in the same folder, are flushed to the disk, and the name is then replaced.
/// Compiled into each project that writes files (the projects at the bottom of the house know nobody).
/// </summary>
internal static class AtomicFile
{
    /// <summary>Writes the file by <paramref name="write"/>; nothing is left behind if it throws.</summary>
    public static void Write(string path, Action<FileStream> write)
    {
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        string temporary = $"{full}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Deletes what processes that were killed while writing left in a folder; the files they were to replace are whole.</summary>
    /// <param name="folder">A folder that no other process writes to now.</param>
    public static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (string file in Directory.EnumerateFiles(folder, "*.tmp"))
        {
            // name.PROCESS-GUID.tmp, as Write makes it; whatever else ends so is not ours.
            string[] parts = Path.GetFileName(file).Split('.');
            if (parts.Length >= 3 && parts[^2].Split('-') is [var process, var unique] && int.TryParse(process, out _) && Guid.TryParseExact(unique, "N", out _))
                File.Delete(file);
        }
    }

    /// <summary>Writes UTF-8 text without a byte-order mark.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
