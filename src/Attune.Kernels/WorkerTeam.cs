namespace Attune.Kernels;

/// <summary>
/// Threads that run one program together, each on its part, and meet at barriers. The caller is worker 0; the others wait
/// between programs, first spinning, then parked, so that a team at rest costs nothing. One caller at a time.
/// </summary>
public sealed class WorkerTeam : IDisposable
{
    // About 50 microseconds: longer than the gap between two decoding steps, shorter than anyone notices.
    private const int Spins = 2_000;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private Action<int>? _program;
    private Exception? _failure;
    private bool _stopping;
    private int _epoch;
    private int _running;
    private int _arrived;
    private int _phase;

    /// <param name="count">Workers, the caller included; the machine's processors where it is null.</param>
    public WorkerTeam(int? count = null)
    {
        Count = count ?? Environment.ProcessorCount;
        ArgumentOutOfRangeException.ThrowIfLessThan(Count, 1, nameof(count));
        _threads = new Thread[Count - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"attune kernel {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the caller included.</summary>
    public int Count { get; }

    /// <summary>Runs the program on all workers and returns when all are done. It is given the worker's number.</summary>
    /// <exception cref="Exception">The first that a worker threw; the team stays usable.</exception>
    public void Run(Action<int> program)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        _program = program;
        _failure = null;
        _arrived = 0;
        _running = Count;
        lock (_gate)
        {
            _epoch++;
            Monitor.PulseAll(_gate);
        }

        Execute(0);
        for (var spins = 0; Volatile.Read(ref _running) > 0; spins++)
        {
            Pause(spins);
        }

        _program = null;
        if (_failure is { } failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Waits, inside a program, until every worker is here.</summary>
    public void Barrier()
    {
        var phase = Volatile.Read(ref _phase);
        if (Interlocked.Increment(ref _arrived) == Count)
        {
            _arrived = 0;
            Volatile.Write(ref _phase, phase + 1);
            return;
        }

        for (var spins = 0; Volatile.Read(ref _phase) == phase; spins++)
        {
            if (Volatile.Read(ref _failure) is not null)
            {
                throw new OperationCanceledException("Another worker of the team failed.");
            }

            Pause(spins);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            _epoch++;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    private void Work(int worker)
    {
        for (var seen = 0; ; seen++)
        {
            for (var spins = 0; spins < Spins && Volatile.Read(ref _epoch) == seen; spins++)
            {
                Thread.SpinWait(1);
            }

            lock (_gate)
            {
                while (_epoch == seen)
                {
                    Monitor.Wait(_gate);
                }

                if (_stopping)
                {
                    return;
                }
            }

            Execute(worker);
        }
    }

    private void Execute(int worker)
    {
        try
        {
            _program!(worker);
        }
#pragma warning disable CA1031 // An exception of any kind must reach the caller's thread, or the team would wait for ever.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            // Run throws the first; the others follow from it.
            Interlocked.CompareExchange(ref _failure, failure, null);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>All are due at once; only where a processor was taken away does giving up the time slice help.</summary>
    private static void Pause(int spins)
    {
        if (spins < Spins)
        {
            Thread.SpinWait(1);
        }
        else
        {
            Thread.Yield();
        }
    }
}
