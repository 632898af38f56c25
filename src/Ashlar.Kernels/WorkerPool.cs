namespace Ashlar.Kernels;

/// <summary>
/// A fixed number of threads that share loops. Starting a thread, or waking one through the general pool, costs more
/// than a small matrix product, so these stay and spin for a moment before they sleep. One loop runs at a time.
/// </summary>
public sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly Lock _oneLoop = new();
    private readonly ManualResetEventSlim[] _wake;
    private Action<int>? _body;
    private int _count;
    private int _next;
    private int _running;
    private volatile bool _stopped;
    private Exception? _failure;

    /// <summary>Starts the threads.</summary>
    /// <param name="threadCount">Threads that share a loop, the caller's among them; 0 for one a processor.</param>
    public WorkerPool(int threadCount = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threadCount);
        ThreadCount = threadCount == 0 ? Environment.ProcessorCount : threadCount;
        _threads = new Thread[ThreadCount - 1];
        _wake = new ManualResetEventSlim[_threads.Length];
        for (int i = 0; i < _threads.Length; i++)
        {
            ManualResetEventSlim wake = _wake[i] = new(initialState: false, spinCount: 200);
            _threads[i] = new Thread(() => Work(wake)) { IsBackground = true, Name = $"Ashlar kernel {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>A pool of the caller's thread alone.</summary>
    public static WorkerPool Single { get; } = new(1);

    /// <summary>Threads that share a loop, the caller's among them.</summary>
    public int ThreadCount { get; }

    /// <summary>
    /// Calls <paramref name="body"/> with 0 to <paramref name="count"/> - 1, in any order and at the same time, and returns
    /// when all are done. The first exception is thrown again here. The body must not call the same pool.
    /// </summary>
    public void For(int count, Action<int> body)
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
        if (count <= 1 || _threads.Length == 0)
        {
            for (int i = 0; i < count; i++)
                body(i);
            return;
        }

        lock (_oneLoop)
        {
            int helpers = Math.Min(_threads.Length, count - 1);
            (_body, _count, _next, _failure) = (body, count, 0, null);
            Volatile.Write(ref _running, helpers);
            for (int i = 0; i < helpers; i++)
                _wake[i].Set();
            Share();
            SpinWait spin = default;
            while (Volatile.Read(ref _running) > 0)
                spin.SpinOnce(sleep1Threshold: -1);
            _body = null;
            if (_failure is { } failure)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Stops the threads; a loop that is running finishes first.</summary>
    public void Dispose()
    {
        lock (_oneLoop)
        {
            // The shared single-thread pool owns nothing and stays usable.
            if (_stopped || _threads.Length == 0)
                return;
            _stopped = true;
            foreach (ManualResetEventSlim wake in _wake)
                wake.Set();
        }

        foreach (Thread thread in _threads)
            thread.Join();
        foreach (ManualResetEventSlim wake in _wake)
            wake.Dispose();
    }

    private void Work(ManualResetEventSlim wake)
    {
        while (true)
        {
            wake.Wait();
            wake.Reset();
            if (_stopped)
                return;
            Share();
            Interlocked.Decrement(ref _running);
        }
    }

    private void Share()
    {
        try
        {
            for (int i; (i = Interlocked.Increment(ref _next) - 1) < _count;)
                _body!(i);
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
            Volatile.Write(ref _next, _count);
        }
    }
}
