namespace Ashlar.Training.Native;

/// <summary>
/// libtorch, or the library that binds TorchSharp to it, is missing or can't be loaded. The message is one sentence that says
/// what was looked for and what to do.
/// </summary>
public sealed class TorchUnavailableException : Exception
{
    /// <summary>With the sentence a user is to read.</summary>
    public TorchUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With the sentence a user is to read, and the loader's own error.</summary>
    public TorchUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
