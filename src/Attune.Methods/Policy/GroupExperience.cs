using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Methods.Policy;

/// <summary>Rounds of groups of answers to one prompt each. The advantages of a group are a function of its rewards alone.</summary>
public abstract class GroupExperience(IPolicyOptions options, GroupSettings settings, RolloutContext context)
    : RolloutExperience<GroupItem>(options, context)
{
    private double _beta = settings.Kl.KlCoefficient;
    private double _entropyCoefficient = settings.Entropy.EntropyCoefficient;

    protected sealed override int AnswersPerPrompt => settings.Group.NumGenerations;

    protected sealed override int MostResamplings => settings.Group.MaxResampling;

    protected sealed override bool AgreesWithSampler => settings.Correction.SamplerCorrectionMode == SamplerCorrectionMode.None;

    protected sealed override bool NeedsEntropy => settings.Entropy.EntropyTarget is not null || settings.Tokens.TopEntropy < 1;

    protected sealed override IReadOnlyDictionary<string, double> MethodState =>
        new Dictionary<string, double> { ["kl_coef"] = _beta, ["entropy_coef"] = _entropyCoefficient };

    protected sealed override void RestoreMethod(IReadOnlyDictionary<string, double> state) =>
        (_beta, _entropyCoefficient) = (state["kl_coef"], state.GetValueOrDefault("entropy_coef", _entropyCoefficient));

    /// <param name="groups">Rewards, a row a prompt.</param>
    /// <param name="answers">What they were given for, in the same rows.</param>
    /// <returns>Of the same shape.</returns>
    protected abstract double[][] Advantages(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers);

    /// <summary>Advantages token by token, where they differ within an answer; null where the answer's own counts for all.</summary>
    /// <param name="groups">Answers, a row a prompt.</param>
    /// <param name="rewards">One array an answer, one number per token: its marks, less the price of divergence where that is paid in the
    /// reward.</param>
    protected virtual double[][]? TokenAdvantages(IReadOnlyList<ScoredAnswer[]> groups, double[][] rewards) => null;

    /// <summary>Advantages before anything is divided by a deviation, of answers or of tokens: how far they go is measured.</summary>
    /// <param name="groups">rewards, a row a prompt</param>
    /// <param name="rewards">as for <see cref="TokenAdvantages"/></param>
    protected virtual IEnumerable<double> Unscaled(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers, double[][] rewards) =>
        groups.SelectMany(g => GroupAdvantages.Centred(g));

    /// <summary>What the objective divides a minibatch's sum by.</summary>
    /// <param name="tokens">That count.</param>
    protected virtual double Weight(int answers, int tokens) => answers;

    /// <summary>A group whose answers all scored the same teaches nothing.</summary>
    protected sealed override bool Teaches(IEnumerable<ScoredAnswer> group) => group.Select(a => a.Score).Distinct().Skip(1).Any();

    protected sealed override IReadOnlyList<IReadOnlyList<GroupItem>> Learn(
        IReadOnlyList<ScoredAnswer> answers,
        Metrics measured,
        Progress at
    )
    {
        var kl = settings.Kl;
        var rewards = Rewards(answers, kl, _beta, measured);
        var earned = answers.Zip(rewards, (answer, paid) => kl.KlPlacement == KlPlacement.Reward ? paid.Sum() : answer.Score);
        double[][] groups = [.. earned.Chunk(settings.Group.NumGenerations)];
        ScoredAnswer[][] rows = [.. answers.Chunk(settings.Group.NumGenerations)];
        double[] advantages = [.. Advantages(groups, rows).SelectMany(a => a)];
        var ofTokens = TokenAdvantages(rows, rewards);
        // Of an answer alone nothing can be said.
        foreach (var group in groups.Where(g => g.Length > 1))
        {
            measured.Add("reward_std", Math.Sqrt(Moments.Of(group).Variance));
            measured.Add("frac_reward_zero_std", group.All(r => r == group[0]) ? 1 : 0);
        }

        measured.Set("val/advantage_std", Math.Sqrt(Moments.Of([.. Unscaled(groups, rows, rewards)]).Variance));
        GroupItem[] items =
        [
            .. answers.Select(
                (a, i) =>
                    Item(a, advantages[i], kl.InLoss(_beta)) with
                    {
                        TokenAdvantages = ofTokens is null ? default : [.. ofTokens[i].Select(v => (float)v)],
                    }
            ),
        ];
        var coefficient = settings.Entropy.Advance(ref _entropyCoefficient, answers, measured);
        _beta = kl.NextBeta(_beta, kl.Spent(answers, measured), answers.Count);
        return Updates(items, answers, coefficient, measured, at);
    }

    private GroupItem Item(ScoredAnswer answer, double advantage, double beta)
    {
        var corrected = settings.Correction.SamplerCorrectionMode != SamplerCorrectionMode.None && !answer.Rollout.LogProbs.IsDefault;
        return new GroupItem(answer.Sequence, [.. answer.LogProbs], [.. answer.Reference], advantage, beta)
        {
            Counted =
                settings.Tokens.MaskTruncated && answer.Rollout.Stop == StopReason.Length
                    ? [.. answer.LogProbs.Select(_ => false)]
                    : default,
            Support = answer.Rollout.Support,
            SamplerLogProbs = corrected ? answer.Rollout.LogProbs : default,
            SamplerRatios = corrected ? [.. settings.Correction.Ratios(answer.LogProbs, answer.Rollout.LogProbs.AsSpan())] : default,
        };
    }

    private GroupItem[][] Updates(GroupItem[] items, IReadOnlyList<ScoredAnswer> answers, double coefficient, Metrics measured, Progress at)
    {
        var roundTokens = Math.Max(1.0, items.Sum(i => i.CountedTokens)) / items.Length;
        var updates = new List<GroupItem[]>();
        foreach (var part in Minibatches(items.Length, settings.Group.NumIterations, at))
        {
            var tokens = part.Sum(i => items[i].CountedTokens);
            if (tokens == 0)
            {
                measured.Add("skipped_updates", 1); // all of its answers were cut: nothing counts
                continue;
            }

            var kept = TopEntropy.Kept([.. part.Select(i => (items[i], answers[i].Entropy))], settings.Tokens.TopEntropy);
            var chosen = kept.IsDefault ? tokens : kept.Sum(row => row.Count(k => k));
            updates.Add([
                .. part.Select(
                    (i, row) =>
                        items[i] with
                        {
                            Unchanged = updates.Count == 0,
                            Kept = kept.IsDefault ? default : kept[row],
                            RoundTokens = roundTokens,
                            EntropyCoefficient = coefficient,
                            EntropyShare = Weight(part.Length, tokens) / Math.Max(1, chosen),
                        }
                ),
            ]);
        }

        return [.. updates];
    }
}
