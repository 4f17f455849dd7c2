using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;

namespace Attune.Methods.Policy;

/// <summary>
/// What must hold between rollout and training. Where it does not, they disagree about weights, temperature, positions, padding or
/// truncation: the commonest silent faults of policy-gradient implementations.
/// </summary>
internal static class RolloutInvariants
{
    // On the same weights log-probabilities differ only by the rounding of another batch shape or engine.
    private const double Tolerance = 1e-3;

    /// <summary>Before any weight has changed the ratio is 1.</summary>
    /// <param name="unchanged">Whether the minibatch is the first of a round.</param>
    /// <param name="actionTokens">Tokens of an action, where actions are whole answers: the roundings of their log-probabilities add up
    /// like a random walk.</param>
    public static void RequireUnchanged(bool unchanged, Metrics metrics, double actionTokens = 1)
    {
        var (ratio, kl, clipped) = (metrics["val/ratio"], metrics["policy/approxkl_avg"], metrics["policy/clipfrac_avg"]);
        if (unchanged && (Math.Abs(ratio - 1) > Tolerance * Math.Sqrt(actionTokens) || kl > Tolerance || clipped > 0))
        {
            throw new InvariantException(
                "the first minibatch of a round must have ratio 1, approxkl 0 and clipfrac 0 on unchanged weights; found "
                    + $"{ratio:g6}, {kl:g3} and {clipped:g3}. "
                    + "The log-probabilities of rollout and training disagree."
            );
        }
    }

    /// <inheritdoc cref="RequireUnchanged(bool, Metrics, double)"/>
    public static void RequireUnchanged(IReadOnlyList<GroupItem> items, Metrics metrics, bool ofAnswers) =>
        RequireUnchanged(items.All(i => i.Unchanged), metrics, ofAnswers ? items.Max(i => i.OldLogProbs.Length) : 1);

    /// <summary>
    /// The sampler's log-probabilities are not learned from, but where they are not the trainer's, every answer is off-policy.
    /// </summary>
    /// <param name="rollouts">As sampled; a sampler that does not report its log-probabilities is believed.</param>
    /// <param name="logProbs">The trainer's, one array a rollout.</param>
    public static void RequireAgreement(IReadOnlyList<Rollout> rollouts, float[][] logProbs)
    {
        double squares = 0;
        var count = 0;
        for (var i = 0; i < rollouts.Count; i++)
        {
            var sampled = rollouts[i].LogProbs;
            for (var t = 0; !sampled.IsDefault && t < sampled.Length; t++)
            {
                squares += ((double)sampled[t] - logProbs[i][t]) * ((double)sampled[t] - logProbs[i][t]);
                count++;
            }
        }

        var kl = squares / 2 / Math.Max(1, count);
        if (kl > Tolerance)
        {
            throw new InvariantException(
                $"sampler and trainer give the same answers other log-probabilities: approxkl is {kl:g3}, expected at most {Tolerance:g3}. "
                    + "The sampler has stale weights or another temperature."
            );
        }
    }
}
