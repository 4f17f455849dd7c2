using Attune.Core.Rollouts;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A weighted sum of rewards. Marks are added, so outcome and token-level rewards mix freely.</summary>
public sealed class WeightedReward(IReadOnlyList<(IReward Reward, double Weight)> parts) : IReward
{
    public string Name => string.Join(" + ", parts.Select(p => p.Weight == 1 ? p.Reward.Name : $"{p.Weight:g3} {p.Reward.Name}"));

    public IEnumerable<string> Notes => parts.SelectMany(p => p.Reward.Notes);

    public async ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var sums = rollouts.Select(_ => new Score([])).ToArray();
        foreach (var (reward, weight) in parts)
        {
            var scores = await reward.ScoreAsync(rollouts, cancel);
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += scores[i].Scale(weight);
            }
        }

        return sums;
    }
}
