namespace Attune.Control.Preferences;

/// <summary>How far an ensemble disagrees on two clips.</summary>
public static class Disagreement
{
    /// <summary>Variance p (1 - p) of the members' votes, the rule of Christiano et al. 2017 (section 2.2.4).</summary>
    /// <param name="differences">[member]: left sum minus right</param>
    public static double OfVotes(IReadOnlyList<double> differences)
    {
        var share = differences.Average(d => d > 0 ? 1 : 0);
        return share * (1 - share);
    }

    /// <summary>Population variance of the members' probabilities.</summary>
    public static double OfProbabilities(IReadOnlyList<double> differences)
    {
        var probabilities = differences.Select(d => ClipPreferences.Probability(d)).ToArray();
        var mean = probabilities.Average();
        return probabilities.Average(p => (p - mean) * (p - mean));
    }

    /// <summary>Sample variance of the members' differences. It grows with a difference's size, so it asks about clear pairs.</summary>
    public static double OfDifferences(IReadOnlyList<double> differences)
    {
        var mean = differences.Average();
        return differences.Sum(d => (d - mean) * (d - mean)) / (differences.Count - 1);
    }
}
