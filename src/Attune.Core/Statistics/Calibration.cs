using Attune.Core.Runs;

namespace Attune.Core.Statistics;

/// <summary>How far predicted probabilities are from observed shares.</summary>
public static class Calibration
{
    /// <summary>The expected calibration error (Guo et al. 2017, eq. 3): |predicted - observed|, weighted by the bins' counts.</summary>
    public static double ExpectedError(IReadOnlyCollection<CalibrationBin> bins) =>
        bins.Sum(bin => bin.Count * Math.Abs(bin.Predicted - bin.Observed)) / bins.Sum(bin => (double)bin.Count);
}
