namespace Attune.Core.Statistics;

/// <summary>
/// The score interval of a share (Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"). It stays within 0
/// and 1, even for few units.
/// </summary>
public static class Wilson
{
    // The 97.5% quantile of the normal distribution.
    private const double Z = 1.959964;

    /// <summary>The 95% interval of a share.</summary>
    /// <param name="share">From 0 to 1.</param>
    /// <param name="count">The number of units that the share comes from.</param>
    public static Interval Of(double share, int count)
    {
        var scale = 1 + Z * Z / count;
        var centre = (share + Z * Z / (2 * count)) / scale;
        var half = Z / scale * Math.Sqrt(share * (1 - share) / count + Z * Z / (4.0 * count * count));
        return new Interval(share, Math.Max(0, centre - half), Math.Min(1, centre + half), count);
    }
}
