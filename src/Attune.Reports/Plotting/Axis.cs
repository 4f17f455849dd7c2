using System.Collections.Immutable;

namespace Attune.Reports.Plotting;

public enum AxisKind
{
    Linear,

    /// <summary>Falls back to linear where a value is not positive.</summary>
    Logarithmic,
}

/// <summary>An axis of a plot. Low and High fix an end that would otherwise follow the data.</summary>
public sealed record Axis(string Label, AxisKind Kind = AxisKind.Linear, double? Low = null, double? High = null);

/// <summary>An axis laid out over pixels.</summary>
internal sealed class AxisScale
{
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;
    private readonly AxisKind _kind;

    private AxisScale(AxisKind kind, double low, double high, double from, double to, int wanted)
    {
        (_kind, _low, _high, _from, _to) = (kind, low, high, from, to);
        Marks = kind == AxisKind.Logarithmic ? Ticks.Logarithmic(low, high) : Ticks.Linear(low, high, wanted);
        Labels = Ticks.Labels(Marks);
    }

    public ImmutableArray<double> Marks { get; }

    public ImmutableArray<string> Labels { get; }

    public double this[double value] => _from + ((_to - _from) * (Along(value) - Along(_low)) / (Along(_high) - Along(_low)));

    /// <param name="room">Share of the range left free above and below the data.</param>
    public static AxisScale Fit(Axis axis, IEnumerable<double> values, double room, double from, double to, int wanted = 5)
    {
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (axis.Low ?? finite.Min(), axis.High ?? finite.Max());
        if (axis.Kind == AxisKind.Logarithmic && low > 0)
        {
            var factor = high / low < 1.0001 ? 2 : Math.Pow(high / low, room);
            return new AxisScale(AxisKind.Logarithmic, axis.Low ?? (low / factor), axis.High ?? (high * factor), from, to, wanted);
        }

        // A constant gets an axis that shows it in proportion to zero; rounding noise is no signal.
        var size = Math.Max(Math.Abs(low), Math.Abs(high));
        if (high - low <= size * 1e-9)
        {
            (low, high) = size == 0 ? (0, 1) : (Math.Min(0, 2 * low), Math.Max(0, 2 * high));
            room = 0;
        }

        var slack = (high - low) * room;
        // Do not cross zero just for the margin: a share below 0 is no share.
        var floor = low >= 0 && low - slack < 0 ? 0 : low - slack;
        return new AxisScale(AxisKind.Linear, axis.Low ?? floor, axis.High ?? (high + slack), from, to, wanted);
    }

    private double Along(double value) => _kind == AxisKind.Logarithmic ? Math.Log(value) : value;
}
