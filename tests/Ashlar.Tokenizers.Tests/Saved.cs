namespace Ashlar.Tokenizers.Tests;

/// <summary>A tokenizer written to files and read back.</summary>
internal static class Saved
{
    public static Tokenizer AndLoaded(Tokenizer tokenizer)
    {
        string folder = Directory.CreateTempSubdirectory("ashlar-tokenizer-").FullName;
        try
        {
            tokenizer.Save(folder);
            return Tokenizer.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
