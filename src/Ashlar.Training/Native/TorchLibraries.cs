using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;
using Ashlar.Shared;

namespace Ashlar.Training.Native;

/// <summary>
/// Finds libtorch and TorchSharp's binding library and loads them by full path, so that libtorch (about 500 MB) needs no copy
/// beside each application that uses it.
/// </summary>
internal static class TorchLibraries
{
    /// <summary>The variable that names the folder of another libtorch (for example a Python installation's <c>torch/lib</c>).</summary>
    public const string FolderVariable = "ASHLAR_LIBTORCH";

    // TorchSharp 0.107's binding library was built where libstdc++ is GCC 13's. The one symbol with this version
    // (std::ios_base_library_init) marks that fact and is never called, so older systems can do without it.
    private const string NewerStandardLibraryVersion = "GLIBCXX_3.4.32";

    private static readonly Lock Gate = new();
    private static nint _torchCpu;
    private static nint _torchCuda;
    private static nint _binding;

    /// <summary>The folder that libtorch was loaded from.</summary>
    public static string? Folder { get; private set; }

    private static string RuntimeIdentifier =>
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "-arm64" : "-x64");

    /// <summary>
    /// Answers TorchSharp's requests for its native libraries. It asks by name from a static constructor, which may run before
    /// <see cref="TorchRuntime.Initialize"/>; hence the hook is in place as soon as this assembly is loaded.
    /// </summary>
#pragma warning disable CA2255 // A module initializer is the one place that is certain to come before TorchSharp's static constructor.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Hook() => AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;

    /// <summary>Loads everything, once.</summary>
    /// <exception cref="TorchUnavailableException">A library is missing or can't be loaded.</exception>
    public static void Load(string? folder)
    {
        lock (Gate)
        {
            if (_binding != 0)
                return;
            Folder = FindLibTorch(folder);
            foreach (string file in LoadOrder(Folder))
            {
                nint handle = LoadFile(file);
                string name = Path.GetFileNameWithoutExtension(file);
                if (name.EndsWith("torch_cpu", StringComparison.Ordinal))
                    _torchCpu = handle;
                else if (name.EndsWith("torch_cuda", StringComparison.Ordinal))
                    _torchCuda = handle;
            }

            _binding = LoadBinding(FindBinding());
        }
    }

    /// <summary>The loaded library that exports libtorch's C shim.</summary>
    public static nint TorchCpu
    {
        get
        {
            Load(folder: null);
            return _torchCpu;
        }
    }

    private static nint Resolve(Assembly assembly, string name)
    {
        switch (name)
        {
            case "LibTorchSharp":
                Load(folder: null);
                return _binding;
            case "torch_cpu":
                Load(folder: null);
                return _torchCpu;
            case "torch_cuda":
                Load(folder: null);
                return _torchCuda;
            default:
                return 0;
        }
    }

    private static string FileName(string library) =>
        OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static string FindLibTorch(string? folder)
    {
        string file = FileName("torch_cpu");
        if (folder is null && Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named)
            folder = named;
        if (folder is not null)
        {
            return File.Exists(Path.Combine(folder, file))
                ? Path.GetFullPath(folder)
                : throw new TorchUnavailableException(
                    $"No {file} in '{folder}', which {FolderVariable} names: set it to a folder that holds libtorch, or unset it.");
        }

        foreach (string candidate in (string[])[.. BesideApplication(), PackageFolder()])
            if (File.Exists(Path.Combine(candidate, file)))
                return candidate;
        throw new TorchUnavailableException(
            $"libtorch is not installed: no {file} beside the application ({AppContext.BaseDirectory}) or in the NuGet package folder " +
            $"({PackageFolder()}); run 'dotnet restore' in a clone, or 'dotnet package download {Package.Replace('/', '@')} --output {PackagesRoot()}' " +
            $"for the installed command, or set {FolderVariable} to a folder that holds it.");
    }

    private static string[] BesideApplication() =>
        [AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeIdentifier, "native")];

    private static string PackagesRoot() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    // "libtorch-cpu-linux-x64/2.10.0": what the project file restored when this assembly was built.
    private static string Package => typeof(TorchLibraries).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "LibTorchPackage").Value!;

    private static string PackageFolder()
    {
        string[] parts = Package.ToLowerInvariant().Split('/');
        return Path.Combine(PackagesRoot(), parts[0], parts[1], "runtimes", RuntimeIdentifier, "native");
    }

    // Dependencies first; what is optional (OpenMP's name carries a hash, CUDA is another package) only where it is there.
    private static List<string> LoadOrder(string folder)
    {
        List<string> files = [];
        Add("c10", required: true);
        files.AddRange(Directory.EnumerateFiles(folder).Where(IsOpenMp).Order(StringComparer.Ordinal));
        Add("torch_cpu", required: true);
        if (File.Exists(Path.Combine(folder, FileName("torch_cuda"))))
        {
            // libtorch_cuda finds cuDNN and cuBLAS in its own folder through $ORIGIN.
            Add("c10_cuda", required: true);
            Add("torch_cuda_linalg", required: false);
            Add("torch_cuda", required: true);
        }

        Add("torch", required: true);
        return files;

        void Add(string library, bool required)
        {
            string file = Path.Combine(folder, FileName(library));
            if (File.Exists(file))
                files.Add(file);
            else if (required)
                throw new TorchUnavailableException($"libtorch in '{folder}' is incomplete: {FileName(library)} is missing; restore or unpack it again.");
        }

        static bool IsOpenMp(string file) =>
            Path.GetFileName(file) is var name
            && (name.StartsWith("libgomp", StringComparison.Ordinal) || name is "libomp.dylib" or "libiomp5.dylib" or "libiomp5md.dll");
    }

    private static nint LoadFile(string file)
    {
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new TorchUnavailableException(
                $"'{file}' can't be loaded ({OneLine(error)}): the file may be damaged or made for another system; " +
                $"delete that package folder and run 'dotnet restore', or set {FolderVariable} to a folder that holds libtorch.", error);
        }
    }

    private static string FindBinding()
    {
        string file = FileName("LibTorchSharp");
        Version version = typeof(TorchSharp.torch).Assembly.GetName().Version!;
        string package = Path.Combine(
            PackagesRoot(), "torchsharp", version.ToString(3), "runtimes", RuntimeIdentifier, "native");
        foreach (string candidate in (string[])[.. BesideApplication(), package])
            if (File.Exists(Path.Combine(candidate, file)))
                return Path.Combine(candidate, file);
        throw new TorchUnavailableException(
            $"TorchSharp's native library {file} is not beside the application ({AppContext.BaseDirectory}) nor in '{package}': " +
            $"TorchSharp {version.ToString(3)} has none for {RuntimeIdentifier}, or the build output is incomplete; build again.");
    }

    private static nint LoadBinding(string file)
    {
        Exception failure;
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            failure = error;
        }

        if (OperatingSystem.IsLinux() && failure.Message.Contains(NewerStandardLibraryVersion, StringComparison.Ordinal))
            return LoadFile(CopyForOlderStandardLibrary(file));
        throw new TorchUnavailableException(
            $"'{file}' can't be loaded ({OneLine(failure)}): the file may be damaged, or built for another libtorch than the one in " +
            $"'{Folder}'; run 'dotnet restore' and build again.", failure);
    }

    /// <summary>
    /// A copy of the library that does not insist on <see cref="NewerStandardLibraryVersion"/>, made once for each content in a folder
    /// of this user's own.
    /// </summary>
    private static string CopyForOlderStandardLibrary(string file)
    {
        byte[] library = File.ReadAllBytes(file);
        string name = $"libLibTorchSharp-{Convert.ToHexStringLower(SHA256.HashData(library))[..16]}-weak.so";
        if (ElfVersionNeeds.MarkWeak(library, NewerStandardLibraryVersion) == 0)
            throw new TorchUnavailableException($"'{file}' needs {NewerStandardLibraryVersion} (GCC 13's libstdc++), and this system's is older; install a newer libstdc++.");

        string[] folders =
        [
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "ashlar", "native"),
            Path.Combine(Path.GetTempPath(), $"ashlar-{Environment.UserName}", "native"),
        ];
        Exception? failure = null;
        foreach (string folder in folders)
        {
            if (!Path.IsPathRooted(folder))
                continue;
            string copy = Path.Combine(folder, name);
            try
            {
                // The content is compared and not only the name: the folder outlives this version of the program.
                if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(library))
                    AtomicFile.Write(copy, stream => stream.Write(library));
                return copy;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                failure = error;
            }
        }

        throw new TorchUnavailableException(
            $"TorchSharp's native library must be adapted to this system's libstdc++, but neither '{folders[0]}' nor '{folders[1]}' can be " +
            "written; make one of them writable.", failure!);
    }

    private static string OneLine(Exception error) => error.Message.ReplaceLineEndings("\n").Split('\n', 2)[0].TrimEnd('.', ' ');
}
