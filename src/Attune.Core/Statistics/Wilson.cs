namespace Attune.Core.Statistics;

/// <summary>
/// The score interval of a share (Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"). It stays within 0
/// and 1, even for few units.
/// </summary>
public static class Wilson
{
    /// <summary>The 95% interval of a share.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <param name="count">The number of units that the share comes from.</param>
    public static Interval Of(double share, int count)
    {
        var (low, high) = Ends(share, count);
        return new Interval(share, low, high, count);
    }

    /// <summary>The ends alone, where the number of units need not be whole.</summary>
    public static (double Low, double High) Ends(double share, double count)
    {
        const double z = Distribution.Normal975;
        var scale = 1 + (z * z / count);
        var centre = (share + (z * z / (2 * count))) / scale;
        var half = z / scale * Math.Sqrt((share * (1 - share) / count) + (z * z / (4 * count * count)));
        return (Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}
