using System.Runtime.InteropServices;

namespace Ashlar.Training.Native;

/// <summary>
/// Environment variables that native libraries will see. On Unix, .NET keeps its own copy of the environment, so that
/// <see cref="Environment.SetEnvironmentVariable(string, string)"/> never reaches OpenMP; the C library's <c>setenv</c> does.
/// </summary>
internal static partial class ProcessEnvironment
{
    /// <summary>Sets a variable unless the user has set it already.</summary>
    public static void SetDefault(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
            Set(name, value);
    }

    /// <summary>Sets a variable for .NET and for native code.</summary>
    public static void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        if (!OperatingSystem.IsWindows() && SetEnv(name, value, 1) != 0)
            throw new InvalidOperationException($"setenv could not set {name}.");
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
