using Attune.Core.Rollouts;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A reward model as a reward: one mark on the last answer token. The policy's tokenizer must be the reward model's.</summary>
public sealed class LearnedReward(RewardModel model) : IReward
{
    public string Name => "reward model";

    public IEnumerable<string> Notes => model.SpreadNote is { } note ? [note] : [];

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var scores = model.Score([.. rollouts.Select(r => r.Sequence)]);
        return ValueTask.FromResult<IReadOnlyList<Score>>([
            .. rollouts.Select((r, i) => Score.Outcome(r, scores[i].Reward, Name) with { Spread = scores[i].Spread }),
        ]);
    }
}
