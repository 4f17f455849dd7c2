namespace Attune.Core.Runs;

/// <summary>
/// Named weighted means. Adding a value with a weight keeps the exact mean over microbatches and ranks.
/// </summary>
public sealed class Metrics
{
    private readonly SortedDictionary<string, (double Sum, double Weight)> _values = new(StringComparer.Ordinal);

    /// <summary>
    /// Adds <paramref name="sum"/>, a sum over <paramref name="weight"/> items, to the mean called <paramref name="name"/>.
    /// </summary>
    public void AddSum(string name, double sum, double weight)
    {
        _values.TryGetValue(name, out var old);
        _values[name] = (old.Sum + sum, old.Weight + weight);
    }

    /// <summary>Adds one value that counts <paramref name="weight"/> times.</summary>
    public void Add(string name, double value, double weight = 1) => AddSum(name, value * weight, weight);

    /// <summary>Replaces the previous value.</summary>
    public void Set(string name, double value) => _values[name] = (value, 1);

    public void Add(Metrics other)
    {
        foreach (var (name, (sum, weight)) in other._values)
        {
            AddSum(name, sum, weight);
        }
    }

    /// <summary>Whether there is any.</summary>
    public bool Any => _values.Count > 0;

    /// <summary>The same means under other names.</summary>
    public Metrics Renamed(Func<string, string> rename)
    {
        var renamed = new Metrics();
        foreach (var (name, (sum, weight)) in _values)
        {
            renamed.AddSum(rename(name), sum, weight);
        }

        return renamed;
    }

    public bool Contains(string name) => _values.ContainsKey(name);

    public double this[string name] =>
        _values.TryGetValue(name, out var value)
            ? value.Sum / value.Weight
            : throw new KeyNotFoundException($"no metric called {name}; there are {string.Join(", ", _values.Keys)}");

    /// <summary>The means, by name.</summary>
    public IReadOnlyDictionary<string, double> Means() =>
        _values.Where(v => v.Value.Weight > 0).ToDictionary(v => v.Key, v => v.Value.Sum / v.Value.Weight, StringComparer.Ordinal);
}
