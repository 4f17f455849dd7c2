using System.Collections.Immutable;
using Attune.Reports.Plotting;

namespace Attune.Reports.Curves;

/// <summary>Where in a stage a figure belongs.</summary>
public enum CurveChapter
{
    Outcome,
    Training,
    Optimiser,
}

/// <summary>One line of a figure.</summary>
/// <param name="SpreadMetric">The metric that holds the standard deviation around it, if any.</param>
public sealed record Curve(string Metric, string Label, Hue Hue, Drawing Drawing = Drawing.Smoothed, string? SpreadMetric = null);

/// <summary>A figure of a stage's curves over updates. Curves without data are left out, and figures without curves.</summary>
public sealed record CurveFigure(string Title, string Unit, string Hint, CurveChapter Chapter, ImmutableArray<Curve> Curves)
{
    public ImmutableArray<ReferenceLine> References { get; init; } = [];
    public AxisKind Kind { get; init; } = AxisKind.Linear;
}
