using Attune.Core.Runs;

namespace Attune.Feedback.Queue;

/// <summary>
/// Positions with intervals drawn at random: each from 1 to twice the mean less 1, all equally likely, so that nobody can count when the
/// next one comes. They depend on the seed alone.
/// </summary>
/// <param name="mean">The mean interval; 0 for no positions.</param>
internal sealed class DrawnIntervals(Seed seed, int mean)
{
    private long _next;
    private long _drawn;

    /// <summary>Whether this position is one of them; positions must be asked for in ascending order, from 1.</summary>
    public bool Has(int position)
    {
        if (mean <= 0)
        {
            return false;
        }
        while (_next < position)
        {
            _next += 1 + seed.For("interval", _drawn++).Rng().NextInt((2 * Math.Min(mean, 1_000_000)) - 1);
        }

        return _next == position;
    }
}
