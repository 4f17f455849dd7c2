using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Methods.Policy;

/// <summary>Rounds of groups of answers to one prompt each. The advantages of a group are a function of its rewards alone.</summary>
public abstract class GroupExperience(IPolicyOptions options, GroupOptions group, KlOptions kl, RolloutContext context)
    : RolloutExperience<GroupItem>(options, context)
{
    private double _beta = kl.KlCoefficient;

    protected sealed override int AnswersPerPrompt => group.NumGenerations;

    protected sealed override IReadOnlyDictionary<string, double> MethodState => new Dictionary<string, double> { ["kl_coef"] = _beta };

    protected sealed override void RestoreMethod(IReadOnlyDictionary<string, double> state) => _beta = state["kl_coef"];

    /// <summary>What an answer earned, by which its group is compared.</summary>
    /// <param name="rewards">Of its tokens, after the price of divergence.</param>
    protected abstract double RewardOf(ScoredAnswer answer, double[] rewards);

    /// <param name="groups">Rewards, a row a prompt.</param>
    /// <returns>Of the same shape.</returns>
    protected abstract double[][] Advantages(double[][] groups);

    protected sealed override IReadOnlyList<IReadOnlyList<GroupItem>> Learn(
        IReadOnlyList<ScoredAnswer> answers,
        Metrics measured,
        Progress at
    )
    {
        double[][] rewards = [.. answers.Select(a => Ppo.Rewards(a.LogProbs, a.Reference, a.TokenRewards, _beta, kl.KlEstimator))];
        MeasureRewards(measured, answers, rewards, _beta);
        double[][] groups = [.. answers.Zip(rewards, RewardOf).Chunk(group.NumGenerations)];
        double[] advantages = [.. Advantages(groups).SelectMany(a => a)];
        foreach (var scores in groups)
        {
            measured.Add("reward_std", Math.Sqrt(Moments.Of(scores).Variance));
            measured.Add("frac_reward_zero_std", scores.All(r => r == scores[0]) ? 1 : 0);
        }

        measured.Set("val/advantage_std", Math.Sqrt(Moments.Of(advantages).Variance));
        var beta = _beta;
        _beta = kl.NextBeta(beta, measured["objective/kl"], answers.Count);
        return
        [
            .. Minibatches(answers.Count, group.NumIterations, at)
                .Select(
                    (part, index) =>
                        (IReadOnlyList<GroupItem>)
                            [
                                .. part.Select(i => new GroupItem(
                                    answers[i].Sequence,
                                    [.. answers[i].LogProbs],
                                    [.. answers[i].Reference],
                                    advantages[i],
                                    beta
                                )
                                {
                                    Unchanged = index == 0,
                                }),
                            ]
                ),
        ];
    }
}
