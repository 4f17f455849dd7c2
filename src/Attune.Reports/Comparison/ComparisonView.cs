namespace Attune.Reports.Comparison;

/// <summary>What of compared runs is shown, and how.</summary>
public sealed record ComparisonView
{
    /// <summary>The one metric to show; null for all.</summary>
    public string? Metric { get; init; }

    /// <summary>Points over which the weight of a moving average falls by half; 0 for none, null for what suits the curve.</summary>
    public double? HalfWidth { get; init; }

    /// <summary>Whether values are shown by their logarithms, where all are positive.</summary>
    public bool IsLogarithmic { get; init; }
}

/// <summary>A metric that compared runs have.</summary>
public sealed record ComparedMetric(string Name, string Title);
