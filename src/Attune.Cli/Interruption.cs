namespace Attune.Cli;

/// <summary>Ctrl-C: the first asks the run to checkpoint and end; the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public Interruption()
    {
        Console.CancelKeyPress += OnCancel;
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancel;
        _source.Dispose();
    }

    private void OnCancel(object? sender, ConsoleCancelEventArgs press)
    {
        if (_source.IsCancellationRequested)
        {
            return;     // let the second one through
        }

        press.Cancel = true;
        Console.Error.WriteLine("\nStopping after this round, with a checkpoint. Press Ctrl-C again to stop at once.");
        _source.Cancel();
    }
}
