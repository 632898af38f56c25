using System.Globalization;
using TorchSharp;

namespace Ashlar.Training.Native;

/// <summary>
/// Makes libtorch ready. Everything that OpenMP and MKL read only once must be decided here, before the libraries are loaded.
/// </summary>
public static class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <summary>Threads that tensor arithmetic uses.</summary>
    public static int Threads { get; private set; }

    /// <summary>The folder that libtorch was loaded from, once it is.</summary>
    public static string? LibTorchFolder => TorchLibraries.Folder;

    /// <summary>
    /// Loads libtorch and sets its threads. Call it before any other use of torch; a later call can only change the thread count.
    /// </summary>
    /// <exception cref="TorchUnavailableException">libtorch is missing, damaged or made for another system.</exception>
    public static void Initialize(TorchRuntimeOptions? options = null)
    {
        options ??= new TorchRuntimeOptions();
        if (options.Threads is <= 0)
            throw new ArgumentOutOfRangeException(nameof(options), options.Threads, "The number of threads must be positive.");
        lock (Gate)
        {
            if (!_loaded)
            {
                Threads = options.Threads ?? DefaultThreads();
                string threads = Threads.ToString(CultureInfo.InvariantCulture);
                ProcessEnvironment.Set("OMP_NUM_THREADS", threads);
                ProcessEnvironment.Set("MKL_NUM_THREADS", threads);
                ProcessEnvironment.SetDefault("MKL_DYNAMIC", "FALSE");
                if (!options.SpinWhenIdle)
                {
                    ProcessEnvironment.SetDefault("OMP_WAIT_POLICY", "PASSIVE");
                    ProcessEnvironment.SetDefault("GOMP_SPINCOUNT", "0");
                }

                TorchLibraries.Load(options.LibTorchFolder);
                _loaded = true;
                torch.set_num_threads(Threads);
            }
            else if (options.Threads is { } threads && threads != Threads)
            {
                Threads = threads;
                torch.set_num_threads(threads);
            }
        }
    }

    /// <summary>The device of that name: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c> or <c>mps</c>.</summary>
    /// <exception cref="InvalidDataException">Not a device's name, or this machine or this build has no such device.</exception>
    /// <exception cref="TorchUnavailableException">libtorch can't be loaded.</exception>
    public static torch.Device Device(string name)
    {
        Initialize();
        string[] parts = name.Split(':');
        int index = -1;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw Unknown();
        switch (parts[0])
        {
            case "cpu" when parts.Length == 1:
                return torch.CPU;
            case "cuda":
                if (!torch.cuda_is_available())
                {
                    throw new InvalidDataException(
                        "Device 'cuda' is not available: it needs an NVIDIA GPU with its driver, and a build with -p:TorchBackend=cuda-12.8; use --device cpu.");
                }

                if (index >= torch.cuda.device_count())
                    throw new InvalidDataException($"Device '{name}' does not exist: this machine has {torch.cuda.device_count()} CUDA device(s).");
                return torch.device(DeviceType.CUDA, Math.Max(index, 0));
            case "mps" when parts.Length == 1:
                if (!torch.mps_is_available())
                    throw new InvalidDataException("Device 'mps' is not available: it needs a Mac with Apple silicon; use --device cpu.");
                return torch.device(DeviceType.MPS);
            default:
                throw Unknown();
        }

        InvalidDataException Unknown() => new($"Device '{name}' is unknown; expected cpu, cuda, cuda:N or mps.");
    }

    private static int DefaultThreads() =>
        int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), NumberStyles.None, CultureInfo.InvariantCulture, out int set) && set > 0
            ? set
            : Environment.ProcessorCount;
}
