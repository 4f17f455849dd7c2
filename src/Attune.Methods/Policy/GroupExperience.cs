using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Methods.Policy;

/// <summary>Rounds of groups of answers to one prompt each. The advantages of a group are a function of its rewards alone.</summary>
public abstract class GroupExperience(GroupOptions options, RolloutParts parts)
    : RolloutExperience<GroupItem>(options, new KlPenalty(options), parts)
{
    protected sealed override int AnswersPerPrompt => options.NumGenerations;

    /// <summary>What an answer earned, by which its group is compared.</summary>
    protected abstract double RewardOf(ScoredAnswer answer);

    /// <param name="groups">Rewards, a row a prompt.</param>
    /// <returns>Of the same shape.</returns>
    protected abstract double[][] Advantages(double[][] groups);

    protected sealed override IReadOnlyList<IReadOnlyList<GroupItem>> Learn(
        IReadOnlyList<ScoredAnswer> answers,
        Metrics measured,
        Progress at
    )
    {
        double[][] groups = [.. answers.Select(RewardOf).Chunk(options.NumGenerations)];
        double[] advantages = [.. Advantages(groups).SelectMany(a => a)];
        foreach (var group in groups)
        {
            measured.Add("reward_std", Math.Sqrt(Moments.Of(group).Variance));
            measured.Add("frac_reward_zero_std", group.All(r => r == group[0]) ? 1 : 0);
        }

        measured.Set("val/advantage_std", Math.Sqrt(Moments.Of(advantages).Variance));
        return
        [
            .. Minibatches(answers.Count, options.NumIterations, at)
                .Select(
                    (part, index) =>
                        (IReadOnlyList<GroupItem>)
                            [
                                .. part.Select(i => new GroupItem(
                                    answers[i].Sequence,
                                    [.. answers[i].LogProbs],
                                    [.. answers[i].Reference],
                                    advantages[i],
                                    Beta
                                )
                                {
                                    Unchanged = index == 0,
                                }),
                            ]
                ),
        ];
    }
}
