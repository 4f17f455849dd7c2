using Attune.Core.Statistics;

namespace Attune.Methods.Policy;

/// <summary>What a group's centred rewards are divided by.</summary>
public enum RewardScaling
{
    /// <summary>The group's standard deviation (Shao et al. 2024).</summary>
    Group,

    /// <summary>The standard deviation of the round's rewards, prompts' differences included.</summary>
    Batch,

    /// <summary>The standard deviation of the round's centred rewards (REINFORCE++-baseline, Hu et al. 2025).</summary>
    BatchCentered,

    /// <summary>Nothing (Dr. GRPO, Liu et al. 2025): dividing favours prompts whose answers are nearly all good or all bad.</summary>
    None,
}

/// <summary>Advantages of answers to one prompt from their rewards. Groups are rows.</summary>
public static class GroupAdvantages
{
    // What TRL adds to a sample deviation.
    private const double SampleEpsilon = 1e-4;

    /// <summary>r - mean of the group, scaled.</summary>
    /// <param name="groups">rewards, a row a prompt</param>
    /// <param name="sample">divide by the sample's standard deviation plus 1e-4, as TRL, instead of the population's</param>
    /// <returns>of the same shape</returns>
    public static double[][] Of(IReadOnlyList<double[]> groups, RewardScaling scaling, bool sample = false)
    {
        double[][] centred = [.. groups.Select(g => Centred(g))];
        switch (scaling)
        {
            case RewardScaling.Group when !sample:
                Array.ForEach(centred, row => Moments.Standardize(row));
                return centred;
            case RewardScaling.Group:
                return [.. groups.Zip(centred, (raw, row) => Divided(row, raw, sample))];
            case RewardScaling.Batch:
                double[] all = [.. groups.SelectMany(g => g)];
                return [.. centred.Select(row => Divided(row, all, sample))];
            case RewardScaling.BatchCentered:
                if (!sample)
                {
                    Moments.StandardizeTogether(centred);
                    return centred;
                }

                double[] together = [.. centred.SelectMany(g => g)];
                return [.. centred.Select(row => Divided(row, together, sample))];
            default:
                return centred;
        }
    }

    /// <summary>r - mean.</summary>
    public static double[] Centred(ReadOnlySpan<double> rewards)
    {
        var mean = Moments.Of(rewards).Mean;
        var centred = rewards.ToArray();
        foreach (ref var reward in centred.AsSpan())
        {
            reward -= mean;
        }

        return centred;
    }

    /// <summary>Mean 0 and deviation 1 over all rows, in place.</summary>
    /// <param name="sample">as in <see cref="Of"/></param>
    public static void Whiten(double[][] rows, bool sample)
    {
        if (!sample)
        {
            Moments.StandardizeTogether(rows);
            return;
        }

        double[] all = [.. rows.SelectMany(r => r)];
        var (mean, deviation) = (Moments.Of(all).Mean, Deviation(all, sample));
        foreach (var row in rows)
        {
            foreach (ref var value in row.AsSpan())
            {
                value = (value - mean) / deviation;
            }
        }
    }

    private static double[] Divided(double[] centred, double[] raw, bool sample)
    {
        var deviation = Deviation(raw, sample);
        return Array.ConvertAll(centred, r => r / deviation);
    }

    private static double Deviation(double[] values, bool sample) =>
        sample
            ? Math.Sqrt(Moments.Of(values).Variance * values.Length / Math.Max(1, values.Length - 1)) + SampleEpsilon
            : Math.Sqrt(Moments.Of(values).Variance + Moments.VarianceFloor);
}
