using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ashlar.Training.Native;

/// <summary>
/// Loops shared by libtorch's own threads. A second set of threads would compete with them for the processors.
/// </summary>
internal static unsafe class TorchParallel
{
    private static readonly delegate* unmanaged<long, long, long, delegate* unmanaged<long, long, void*, void>, void*, int> ParallelFor =
        (delegate* unmanaged<long, long, long, delegate* unmanaged<long, long, void*, void>, void*, int>)StableAbi.Export("torch_parallel_for");

    /// <summary>Number of parts that <see cref="For"/> divides a range into.</summary>
    public static int Parts => TorchRuntime.Threads;

    /// <summary>
    /// Divides 0 .. count into equal parts and calls the body with each part's number, first index and end. The division does not
    /// depend on timing, so sums made part by part are the same in every run.
    /// </summary>
    public static void For(int count, Action<int, int, int> body)
    {
        int parts = Math.Min(Parts, count);
        if (parts <= 1)
        {
            if (count > 0)
                body(0, 0, count);
            return;
        }

        Loop loop = new(body, count, parts);
        GCHandle handle = GCHandle.Alloc(loop);
        try
        {
            if (ParallelFor(0, parts, 1, &Run, (void*)GCHandle.ToIntPtr(handle)) != 0)
                throw new InvalidOperationException("libtorch refused a parallel loop; its message is on standard error.");
        }
        finally
        {
            handle.Free();
        }

        loop.Failure?.Throw();
    }

    [UnmanagedCallersOnly]
    private static void Run(long begin, long end, void* context)
    {
        Loop loop = Unsafe.As<Loop>(GCHandle.FromIntPtr((nint)context).Target!);
        try
        {
            for (long part = begin; part < end; part++)
                loop.Part((int)part);
        }
        catch (Exception error)
        {
            // An exception must not cross native frames.
            loop.Failure = ExceptionDispatchInfo.Capture(error);
        }
    }

    private sealed class Loop(Action<int, int, int> body, int count, int parts)
    {
        public ExceptionDispatchInfo? Failure { get; set; }

        public void Part(int part) =>
            body(part, (int)((long)count * part / parts), (int)((long)count * (part + 1) / parts));
    }
}
