using System.Collections.Concurrent;
using Attune.Core;
using Attune.Core.Completions;

namespace Attune.Models.Decoding;

/// <summary>
/// A decoder on a thread of its own, for callers that come at any time from anywhere: what arrives while others are answered joins
/// their batch. Tensors and the cache never leave that thread; callers see plain data.
/// </summary>
public sealed class DecodeService : IDisposable
{
    private readonly IDecoder _engine;
    private readonly BlockingCollection<DecodeJob> _waiting;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly int _slots;

    /// <param name="engine">With its weights loaded; disposed with the service, and not used by others until then.</param>
    /// <param name="slots">Answers decoded together.</param>
    /// <param name="capacity">Most tokens of a prompt and its answer.</param>
    /// <param name="mostWaiting">Answers that may wait for a slot.</param>
    /// <exception cref="AttuneException">There is no memory for so many texts of such a length.</exception>
    public DecodeService(IDecoder engine, int slots, int capacity, int mostWaiting)
    {
        (_engine, _slots, Capacity) = (engine, slots, capacity);
        try
        {
            engine.Prepare(slots, capacity);
        }
        catch (Exception problem) when (problem is OutOfMemoryException or OverflowException)
        {
            throw new AttuneException(
                $"There is not enough memory to decode {slots} texts of {capacity} tokens together: serve fewer at once, or shorter ones.",
                problem
            );
        }

        _waiting = new BlockingCollection<DecodeJob>(mostWaiting);
        _thread = new Thread(Work) { IsBackground = true, Name = "attune decode" };
        _thread.Start();
    }

    /// <summary>Most tokens of a prompt and its answer.</summary>
    public int Capacity { get; }

    /// <summary>Puts answers in the queue, all of them or none.</summary>
    /// <exception cref="ModelBusyException">The queue is full.</exception>
    /// <exception cref="AttuneException">One of them cannot be decoded.</exception>
    public void Add(IReadOnlyCollection<DecodeJob> jobs)
    {
        foreach (var job in jobs)
        {
            _engine.Check(job, Capacity);
        }

        lock (_waiting)
        {
            ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
            if (jobs.Count > _waiting.BoundedCapacity)
            {
                throw new AttuneException(
                    $"{jobs.Count} answers are asked for at once; at most {_waiting.BoundedCapacity} may wait. Ask for fewer."
                );
            }

            if (_waiting.BoundedCapacity - _waiting.Count < jobs.Count)
            {
                throw new ModelBusyException(
                    $"{_waiting.Count} answers wait already, and at most {_waiting.BoundedCapacity} may. Try again in a moment."
                );
            }

            foreach (var job in jobs)
            {
                _waiting.Add(job);
            }
        }
    }

    public void Dispose()
    {
        lock (_waiting)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            // From here on nothing is added, so that the thread finds everyone who waits.
            _stop.Cancel();
        }

        _thread.Join();
        _engine.Dispose();
        _waiting.Dispose();
        _stop.Dispose();
    }

    private void Work()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _engine.Run(new Line(this), _slots, Capacity, 0, _stop.Token);
            }
            catch (Exception)
            {
                // The jobs under way have had OnFailed; those that wait may succeed.
            }
        }

        while (_waiting.TryTake(out var job))
        {
            job.OnFailed(new OperationCanceledException("The model is no longer served."));
        }
    }

    private sealed class Line(DecodeService service) : IDecodeQueue
    {
        public DecodeJob? Next(bool idle)
        {
            while (Take(idle) is { } job)
            {
                if (!job.IsAbandoned)
                {
                    return job;
                }
            }

            return null;
        }

        private DecodeJob? Take(bool idle)
        {
            try
            {
                return service._waiting.TryTake(out var job, idle ? Timeout.Infinite : 0, service._stop.Token) ? job : null;
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }
}
