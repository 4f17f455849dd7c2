using Attune.Core.Rollouts;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// A weighted sum of rewards. Marks are added, so outcome and token-level rewards mix freely; each score tells its parts.
/// </summary>
public sealed class WeightedReward(IReadOnlyList<(IReward Reward, double Weight)> parts) : IReward
{
    public string Name => string.Join(" + ", parts.Select(p => p.Weight == 1 ? p.Reward.Name : $"{p.Weight:g3} {p.Reward.Name}"));

    public IEnumerable<string> Notes => parts.SelectMany(p => p.Reward.Notes);

    public async ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var sums = rollouts.Select(_ => new Score([])).ToArray();
        for (var k = 0; k < parts.Count; k++)
        {
            var (reward, weight) = parts[k];
            var scores = await reward.ScoreAsync(rollouts, cancel);
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += Named(scores[i], k).Scale(weight);
            }
        }

        return sums;
    }

    /// <summary>The score as a part of the sum; a name that came before gets a number.</summary>
    private Score Named(Score score, int index)
    {
        var name = parts[index].Reward.Name;
        var earlier = parts.Take(index).Count(p => p.Reward.Name == name);
        var suffix = earlier == 0 ? "" : $"-{earlier + 1}";
        return score with
        {
            Parts =
                !score.Parts.IsEmpty ? [.. score.Parts.Select(p => p with { Name = p.Name + suffix })]
                : score.TokenRewards.IsEmpty ? []
                : [new RewardPart(name + suffix, score.Total, 1)],
        };
    }
}
