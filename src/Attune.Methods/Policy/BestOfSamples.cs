using Attune.Worlds.Exact;

namespace Attune.Methods.Policy;

/// <summary>
/// What best-of-n would give, estimated without bias from N sampled answers to a prompt, for every n up to N (Nakano et al. 2021,
/// arXiv:2112.09332; Gao et al. 2022, arXiv:2210.10760). Equal rewards are decided by lot.
/// </summary>
public static class BestOfSamples
{
    /// <summary>n / (n + 1): the largest share of prompts on which best-of-n can beat one answer by the reward that chose it.</summary>
    public static double WinRateBound(int n) => n / (n + 1.0);

    /// <summary>The share of all n of the answers in which each is the best.</summary>
    /// <param name="rewards">By which the best is chosen, one an answer.</param>
    /// <returns>One an answer; their sum is 1.</returns>
    public static double[] Weights(ReadOnlySpan<double> rewards, int n)
    {
        var all = rewards.ToArray();
        var ranked = BestOfN.SampleWeights(all.Length, n);
        var weights = new double[all.Length];
        var below = 0;
        foreach (var equal in Enumerable.Range(0, all.Length).GroupBy(i => all[i]).OrderBy(g => g.Key).Select(g => g.ToArray()))
        {
            var share = ranked.AsSpan(below, equal.Length).ToArray().Average();
            foreach (var i in equal)
            {
                weights[i] = share;
            }

            below += equal.Length;
        }

        return weights;
    }

    /// <summary>
    /// How often best-of-n, chosen by <paramref name="rewards"/>, beats one more answer by <paramref name="judge"/>; ties count half.
    /// </summary>
    /// <param name="judge">One an answer: the reward itself, or gold.</param>
    /// <param name="n">At most one less than there are answers: the other must not be among the n.</param>
    public static double WinRate(ReadOnlySpan<double> rewards, ReadOnlySpan<double> judge, int n)
    {
        if (rewards.Length != judge.Length)
        {
            throw new ArgumentException(
                $"there are {rewards.Length} rewards and {judge.Length} judgements; expected one of each for every answer.",
                nameof(judge)
            );
        }

        double wins = 0;
        var others = new double[rewards.Length - 1];
        for (var one = 0; one < rewards.Length; one++)
        {
            rewards[..one].CopyTo(others);
            rewards[(one + 1)..].CopyTo(others.AsSpan(one));
            var weights = Weights(others, n);
            for (var i = 0; i < others.Length; i++)
            {
                var mine = judge[i < one ? i : i + 1];
                wins +=
                    weights[i]
                    * (
                        mine > judge[one] ? 1
                        : mine == judge[one] ? 0.5
                        : 0
                    );
            }
        }

        return wins / rewards.Length;
    }
}
