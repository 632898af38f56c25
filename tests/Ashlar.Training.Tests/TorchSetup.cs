using System.Runtime.CompilerServices;
using Ashlar.Training.Native;

// torch keeps one thread pool and one random generator for the process: tests that share them run one after another.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Ashlar.Training.Tests;

internal static class TorchSetup
{
    /// <summary>Set in a child process that only tries to load libtorch and prints what came of it.</summary>
    public const string ProbeVariable = "ASHLAR_TEST_LOAD_TORCH";

    [ModuleInitializer]
    internal static void Run()
    {
        if (Environment.GetEnvironmentVariable(ProbeVariable) is null)
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 1 });
            return;
        }

        try
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 1 });
            Console.WriteLine("loaded " + TorchRuntime.LibTorchFolder);
            Environment.Exit(0);
        }
        catch (TorchUnavailableException error)
        {
            Console.WriteLine(error.Message);
            Environment.Exit(2);
        }
    }
}
