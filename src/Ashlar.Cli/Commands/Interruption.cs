namespace Ashlar.Cli.Commands;

/// <summary>Turns the first Ctrl-C into a request to save and stop; the second ends the process.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public Interruption() => Console.CancelKeyPress += Pressed;

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Pressed;
        _source.Dispose();
    }

    private void Pressed(object? sender, ConsoleCancelEventArgs key)
    {
        if (_source.IsCancellationRequested)
            return;
        key.Cancel = true;
        _source.Cancel();
    }
}
