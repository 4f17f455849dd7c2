using System.ComponentModel;
using Attune.Core;
using Attune.Core.Options;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// One term of a reward as a recipe writes it, such as <c>{lexicon: {fine: 1}, weight: 0.5}</c>. A reward is one record derived from
/// this with a <see cref="RewardAttribute"/>: its properties are its options, and <see cref="Build"/> makes it.
/// </summary>
[CasesByKey<RewardRegistry>]
public abstract record RewardTerm
{
    [Description("weight of the term")]
    public double Weight { get; init; } = 1;

    /// <summary>Makes the reward, without its weight. Nothing is missing: <see cref="Missing"/> was empty.</summary>
    public abstract IReward Build(RewardContext context);

    /// <summary>What is wrong with the term or will not be found, each one sentence; asked before anything runs.</summary>
    public virtual IEnumerable<string> Missing(RewardPlan plan) => [];

    /// <summary>The weighted sum of terms.</summary>
    /// <exception cref="ConfigurationException">A term cannot be built.</exception>
    public static IReward Sum(IEnumerable<RewardTerm> terms, RewardContext context)
    {
        var all = terms.ToArray();
        string[] problems = [.. all.SelectMany(t => t.Missing(context.Plan))];
        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }

        (IReward Reward, double Weight)[] parts = [.. all.Select(t => (t.Build(context), t.Weight))];
        return parts.Length == 1 && parts[0].Weight == 1 ? parts[0].Reward : new WeightedReward(parts);
    }
}
