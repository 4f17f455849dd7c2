using System.Runtime.InteropServices;

namespace Attune.Cli;

/// <summary>Ctrl-C, or a polite kill: the first asks the run to checkpoint and end; the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption()
    {
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        if (_source.IsCancellationRequested)
        {
            return;     // let the second one through
        }

        signal.Cancel = true;
        Console.Error.WriteLine("\nStopping after this round, with a checkpoint. Press Ctrl-C again to stop at once.");
        _source.Cancel();
    }
}
