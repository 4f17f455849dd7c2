using System.Collections.Immutable;

namespace Attune.Reports.Plotting;

/// <summary>How a series is drawn.</summary>
public enum Drawing
{
    /// <summary>A line in the order of x.</summary>
    Line,

    /// <summary>A thin raw line under its moving average, for noisy figures.</summary>
    Smoothed,

    /// <summary>Dots joined in the order given, later ones stronger: a path through a plane.</summary>
    Path,

    /// <summary>Dots alone, with whiskers where the points have them.</summary>
    Dots,

    /// <summary>A dashed line in the order given, for a limit that was not measured.</summary>
    Dashed,
}

/// <summary>The colours of a plot, by what a series stands for, so that it is the same in every figure of a report.</summary>
public enum Hue
{
    Blue,
    Orange,
    Green,
    Purple,
    Red,
    Teal,
    Olive,
    Pink,

    /// <summary>The colour of text, for limits.</summary>
    Ink,
}

/// <summary>One measured point. Low and High bound its spread, and are NaN where there is none.</summary>
public readonly record struct PlotPoint(double X, double Y, double Low = double.NaN, double High = double.NaN)
{
    /// <summary>Area of the dot relative to the others; dots only.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Shown on hover instead of the coordinates.</summary>
    public string? Hint { get; init; }

    public bool HasSpread => double.IsFinite(Low) && double.IsFinite(High);
}

/// <summary>A named list of points. Points that are not finite leave a gap and are marked at the foot of the plot.</summary>
public sealed record Series(string Label, Hue Hue, Drawing Drawing, ImmutableArray<PlotPoint> Points)
{
    /// <summary>
    /// Written beside the series' last point instead of its value, so that a figure of many series can be read without a legend.
    /// </summary>
    public string? Tag { get; init; }

    /// <summary>
    /// Points over which the weight of its moving average falls by half: 0 draws what was measured, null takes a fortieth of the points
    /// where there are many.
    /// </summary>
    public double? HalfWidth { get; init; }
}

/// <summary>A ring around a point that the text refers to.</summary>
/// <param name="Hint">Shown on hover.</param>
public sealed record Mark(Hue Hue, double X, double Y, string Hint);

/// <summary>A straight reference line: a limit, chance level, or the diagonal.</summary>
/// <param name="Slope">0 for a horizontal line.</param>
public sealed record ReferenceLine(string Label, double Intercept, double Slope = 0);

/// <summary>A faint bar on the x axis that shows how much data lies there. The highest bar takes a fifth of the plot.</summary>
public sealed record Bar(double From, double To, double Height, string Label);
