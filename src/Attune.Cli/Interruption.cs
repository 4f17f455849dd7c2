using System.Runtime.InteropServices;

namespace Attune.Cli;

/// <summary>
/// Ctrl-C or SIGTERM: the first asks the command to stop cleanly (a run writes a checkpoint); the second ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly string _promise;
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private Action? _instead;

    /// <param name="args">The command line; its command decides the reply to the first signal.</param>
    public Interruption(string[] args)
    {
        _promise = args.FirstOrDefault() switch
        {
            "serve" => "Stopping after the open requests.",
            "generate" or "score" or "chat" or "evaluate" or "model" or "data" or "feedback" or "figure" or "bench" => "Stopping.",
            _ => "Stopping after this round, with a checkpoint.",
        };
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Ctrl-C does this, once, in place of stopping the command; null for nothing. SIGTERM still stops it.</summary>
    public void Instead(Action? action) => Interlocked.Exchange(ref _instead, action);

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
            return; // let the second one through
        }

        signal.Cancel = true;
        if (signal.Signal == PosixSignal.SIGINT && Interlocked.Exchange(ref _instead, null) is { } action)
        {
            action();
            return;
        }

        Console.Error.WriteLine($"\n{_promise} Press Ctrl-C again to stop at once.");
        _source.Cancel();
    }
}
