namespace Attune.Core.Statistics;

/// <summary>Mean and variance of all numbers seen so far, batch after batch.</summary>
public sealed class RunningMoments
{
    private double _count;
    private double _mean;
    private double _squares;

    public double Mean => _mean;

    /// <summary>Of the sample (divisor n - 1); 1 before there are two numbers.</summary>
    public double Deviation => _count < 2 ? 1 : Math.Sqrt(_squares / (_count - 1));

    /// <summary>Merges a batch (Chan et al. 1979).</summary>
    public void Add(ReadOnlySpan<double> batch)
    {
        var (mean, variance) = Moments.Of(batch);
        var (count, delta) = (_count + batch.Length, mean - _mean);
        _squares += variance * batch.Length + delta * delta * _count * batch.Length / count;
        _mean += delta * batch.Length / count;
        _count = count;
    }

    /// <summary>For a checkpoint; empty before the first number.</summary>
    public IReadOnlyDictionary<string, double> State =>
        _count == 0
            ? new Dictionary<string, double>()
            : new Dictionary<string, double>
            {
                ["scores/count"] = _count,
                ["scores/mean"] = _mean,
                ["scores/squares"] = _squares,
            };

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        double Kept(string key) => state.TryGetValue("scores/" + key, out var value) ? value : 0;
        (_count, _mean, _squares) = (Kept("count"), Kept("mean"), Kept("squares"));
    }
}
