using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Training.Rewards;

/// <summary>The parts of combined rewards as metrics.</summary>
public static class RewardParts
{
    /// <summary>
    /// Mean and standard deviation of every part, before its weight, over the answers that it gave something:
    /// <c>rewards/&lt;reward&gt;/mean</c> and <c>/std</c>. Nothing where the reward has no parts.
    /// </summary>
    public static void Measure(Metrics metrics, IEnumerable<ImmutableArray<RewardPart>> answers)
    {
        foreach (var part in answers.SelectMany(parts => parts).GroupBy(p => p.Name, p => p.Value, StringComparer.Ordinal))
        {
            var name = part.Key.Replace(' ', '-');
            var moments = Moments.Of([.. part]);
            metrics.Set($"rewards/{name}/mean", moments.Mean);
            metrics.Set($"rewards/{name}/std", Math.Sqrt(moments.Variance));
        }
    }
}
