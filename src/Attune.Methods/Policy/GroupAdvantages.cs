using System.Collections.Immutable;
using Attune.Core.Rollouts;
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
                Whiten(centred, sample);
                return centred;
            default:
                return centred;
        }
    }

    /// <summary>
    /// Each reward scaled by itself before they are added (GDPO, Liu et al. 2026, arXiv:2601.05242), so that one with a wide range does not
    /// drown the others; the weighted sum is then whitened over the round. A reward that gave an answer nothing adds 0 to it.
    /// </summary>
    /// <param name="groups">parts of the answers' rewards, a row a prompt</param>
    public static double[][] OfParts(IReadOnlyList<ImmutableArray<RewardPart>[]> groups, RewardScaling scaling, bool sample = false)
    {
        double[][] sums = [.. groups.Select(g => new double[g.Length])];
        foreach (var name in groups.SelectMany(g => g).SelectMany(parts => parts).Select(p => p.Name).Distinct())
        {
            var given = groups
                .Select(g => g.Select(parts => parts.Where(p => p.Name == name).Select(p => (RewardPart?)p).FirstOrDefault()).ToArray())
                .ToArray();
            var scaled = Of([.. given.Select(g => g.OfType<RewardPart>().Select(p => p.Value).ToArray())], scaling, sample);
            for (var row = 0; row < sums.Length; row++)
            {
                var next = 0;
                for (var i = 0; i < sums[row].Length; i++)
                {
                    sums[row][i] += given[row][i] is { } part ? part.Weight * scaled[row][next++] : 0;
                }
            }
        }

        Whiten(sums, sample);
        return sums;
    }

    /// <summary>
    /// Process supervision (Shao et al. 2024, section 4.1.3): every mark is scaled among all marks of its group, and a token's advantage
    /// is the sum of those from it on. A token after an answer's last mark answers for nothing.
    /// </summary>
    /// <returns>one array an answer, one number per token</returns>
    public static double[][] OfMarks(IReadOnlyList<ScoredAnswer[]> groups, RewardScaling scaling, bool sample = false)
    {
        var scaled = Of([.. groups.Select(g => g.SelectMany(a => a.TokenRewards).Select(m => m.Value).ToArray())], scaling, sample);
        return [.. groups.SelectMany((group, row) => ToGo(group, scaled[row]))];
    }

    private static IEnumerable<double[]> ToGo(ScoredAnswer[] group, double[] marks)
    {
        var next = 0;
        foreach (var answer in group)
        {
            var advantages = new double[answer.LogProbs.Length];
            foreach (var (position, _) in answer.TokenRewards)
            {
                var mark = marks[next++];
                for (var t = 0; t <= position; t++)
                {
                    advantages[t] += mark;
                }
            }

            yield return advantages;
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
