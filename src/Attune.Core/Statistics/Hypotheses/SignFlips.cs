namespace Attune.Core.Statistics.Hypotheses;

/// <summary>The permutation test of paired differences: under the hypothesis each sign is a fair coin (Fisher 1935).</summary>
public static class SignFlips
{
    private const double Slack = 1e-12;

    public static double Mean(double[] differences, double[] signs) => differences.Zip(signs, (d, s) => d * s).Average();

    /// <summary>(1 + as extreme draws) / (1 + draws).</summary>
    public static (double TwoSided, double Greater, int Count) Drawn(double[] differences, IReadOnlyCollection<double[]> signs)
    {
        var observed = differences.Average();
        double[] means = [.. signs.Select(s => Mean(differences, s))];
        var count = means.Count(m => Math.Abs(m) >= Math.Abs(observed) - Slack);
        return ((1.0 + count) / (1 + means.Length), (1.0 + means.Count(m => m >= observed - Slack)) / (1 + means.Length), count);
    }

    /// <summary>Over all signs; at most 24 differences.</summary>
    public static (double TwoSided, double Greater) Exact(double[] differences)
    {
        var (observed, all) = (differences.Average(), 1 << differences.Length);
        var (two, greater) = (0, 0);
        for (var signs = 0; signs < all; signs++)
        {
            var mean = differences.Select((d, i) => ((signs >> i) & 1) == 1 ? -d : d).Average();
            two += Math.Abs(mean) >= Math.Abs(observed) - Slack ? 1 : 0;
            greater += mean >= observed - Slack ? 1 : 0;
        }

        return (two / (double)all, greater / (double)all);
    }
}
