namespace Ashlar.Training.Native;

/// <summary>What must be known before libtorch is loaded.</summary>
public sealed record TorchRuntimeOptions
{
    /// <summary>Threads for tensor arithmetic; without a value, <c>OMP_NUM_THREADS</c> or else the number of processors.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Whether idle worker threads keep spinning instead of sleeping. Spinning gains a few per cent on a machine that does nothing
    /// else and loses most of the speed on one that does, because the spinning threads take the processor from the working ones.
    /// </summary>
    public bool SpinWhenIdle { get; init; }

    /// <summary>
    /// The folder that holds libtorch. Without a value: <c>ASHLAR_LIBTORCH</c>, then beside the application, then the NuGet package
    /// this build restored.
    /// </summary>
    public string? LibTorchFolder { get; init; }
}
