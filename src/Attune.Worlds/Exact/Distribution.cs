namespace Attune.Worlds.Exact;

/// <summary>Figures of distributions over outcomes that are all known: sums over the whole list, nothing sampled.</summary>
public static class Distribution
{
    /// <summary>KL(p || q) in nats; infinite where p has mass that q lacks.</summary>
    public static double Divergence(ReadOnlySpan<double> p, ReadOnlySpan<double> q)
    {
        RequireSame(p, q);
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            if (p[i] > 0)
            {
                sum += p[i] * Math.Log(p[i] / q[i]);
            }
        }

        return sum;
    }

    /// <summary>Half the summed distance: 0 for equal distributions, 1 for such that share no outcome.</summary>
    public static double TotalVariation(ReadOnlySpan<double> p, ReadOnlySpan<double> q)
    {
        RequireSame(p, q);
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            sum += Math.Abs(p[i] - q[i]);
        }

        return sum / 2;
    }

    /// <summary>E[values] under p.</summary>
    public static double Mean(ReadOnlySpan<double> p, ReadOnlySpan<double> values)
    {
        RequireSame(p, values);
        var sum = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            sum += p[i] * values[i];
        }

        return sum;
    }

    /// <summary>What RL with a KL penalty maximises: E[reward] - beta KL(p || prior).</summary>
    public static double Objective(ReadOnlySpan<double> p, ReadOnlySpan<double> prior, ReadOnlySpan<double> reward, double beta) =>
        Mean(p, reward) - (beta * Divergence(p, prior));

    internal static void RequireSame(ReadOnlySpan<double> p, ReadOnlySpan<double> q)
    {
        if (p.Length != q.Length || p.IsEmpty)
        {
            throw new ArgumentException($"there are {p.Length} and {q.Length} numbers; expected one for each outcome in both.");
        }
    }
}
