using System.Runtime.InteropServices;

namespace Ashlar.Cli.Commands;

/// <summary>
/// Turns the first Ctrl-C, or a polite request to end (SIGTERM, as batch systems and containers send it), into a request to save
/// and stop; the second ends the process.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _termination;

    public Interruption()
    {
        Console.CancelKeyPress += Pressed;
        _termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = Request());
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Pressed;
        _termination.Dispose();
        _source.Dispose();
    }

    private void Pressed(object? sender, ConsoleCancelEventArgs key) => key.Cancel = Request();

    // True the first time.
    private bool Request()
    {
        if (_source.IsCancellationRequested)
            return false;
        _source.Cancel();
        return true;
    }
}
