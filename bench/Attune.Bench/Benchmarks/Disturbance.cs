namespace Attune.Bench.Benchmarks;

/// <summary>Adds up how much of the machine other processes used while something was measured.</summary>
internal sealed class Disturbance
{
    private double _machine;
    private double _others;

    /// <summary>Others' share of all processors' time; null where nothing was measured or the system does not report it.</summary>
    public double? Share => _machine > 0 ? Math.Clamp(_others / _machine, 0, 1) : null;

    public T During<T>(Func<T> measure)
    {
        var before = ProcessMeter.Used();
        var result = measure();
        if (before is { } start && ProcessMeter.Used() is { } end)
        {
            _machine += end.Machine - start.Machine;
            _others += end.Others - start.Others;
        }

        return result;
    }
}
