namespace Attune.Core.Statistics;

/// <summary>A figure and its 95% confidence interval.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="Low">The lower end; NaN where there are too few units for an interval.</param>
/// <param name="High">The upper end; NaN where there are too few units for an interval.</param>
/// <param name="Units">The number of units (seeds, tasks, pairs) that the estimate comes from.</param>
public sealed record Interval(double Value, double Low, double High, int Units)
{
    /// <summary>Half the distance between the ends.</summary>
    public double HalfWidth => (High - Low) / 2;

    /// <summary>Whether the whole interval lies above 0.</summary>
    public bool IsPositive => Low > 0;
}
