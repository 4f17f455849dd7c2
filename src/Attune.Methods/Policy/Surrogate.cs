using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>The clipped surrogate that PPO, RLOO and GRPO share.</summary>
public static class Surrogate
{
    /// <summary>
    /// max(-A ratio, -A clip(ratio, 1 - low, 1 + high)): eq. 7 of Schulman et al. 2017; with high > low, DAPO's (Yu et al. 2025,
    /// arXiv:2503.14476).
    /// </summary>
    /// <param name="logProbs">of the policy being trained, [actions]</param>
    /// <param name="oldLogProbs">of the policy that sampled, [actions]</param>
    /// <param name="advantages">[actions]</param>
    /// <returns>[actions]</returns>
    public static Tensor Clipped(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, ClipOptions clip)
    {
        logProbs.Require([-1]);
        oldLogProbs.Require(logProbs.shape);
        advantages.Require(logProbs.shape);
        using var scope = NewDisposeScope();
        return Clipped((logProbs - oldLogProbs).exp(), advantages, clip).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same from the ratio. With <see cref="ClipOptions.DualClip"/> a negative advantage is multiplied by at most that ratio (Ye et
    /// al. 2020, arXiv:1912.09729, eq. 4), so that an action which has become much likelier cannot dominate the update.
    /// </summary>
    /// <param name="ratio">[actions]</param>
    /// <returns>[actions]</returns>
    public static Tensor Clipped(Tensor ratio, Tensor advantages, ClipOptions clip)
    {
        using var scope = NewDisposeScope();
        var whole = clip.DualClip is { } most ? ratio.clamp(max: most) : ratio;
        return maximum(-advantages * whole, -advantages * ratio.clamp(1 - clip.Low, 1 + clip.High)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Where the clip decides: the ratio lies outside on the side towards which the advantage pushes. Elsewhere outside, the loss is the
    /// unclipped one and its gradient leads back.
    /// </summary>
    /// <returns>[actions], bool</returns>
    public static Tensor Binds(Tensor ratio, Tensor advantages, ClipOptions clip)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var low = ratio.lt(1 - clip.Low).logical_and(advantages.lt(0));
        return low.logical_or(ratio.gt(1 + clip.High).logical_and(advantages.gt(0))).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of a batch's answer tokens under the distributions that they were drawn from, cut or whole.</summary>
    /// <param name="states">[tokens, width]</param>
    /// <param name="support">what each answer's tokens were drawn from, default where nothing was cut</param>
    internal static TokenScores Score(
        LanguageModel policy,
        Tensor states,
        TokenBatch batch,
        double temperature,
        IEnumerable<ImmutableArray<ImmutableArray<int>>> support
    )
    {
        ImmutableArray<ImmutableArray<int>>[] rows = [.. support];
        return Array.TrueForAll(rows, r => r.IsDefault)
            ? policy.Score(states, batch.Targets, temperature)
            : SupportedScores.Of(policy, states, batch.Targets, temperature, [.. rows.SelectMany(r => r)]);
    }

    /// <summary>
    /// What PPO, RLOO and GRPO log of an update, as means over answer tokens, or over answers where those are the actions.
    /// </summary>
    /// <param name="oldLogProbs">[tokens]</param>
    /// <param name="ratio">the one that the loss clips, without gradient, [actions]</param>
    /// <param name="clipped">where the clip decides, [actions]</param>
    /// <param name="loss">of the policy, [actions] or their sum</param>
    internal static Metrics Measure(TokenScores scores, Tensor oldLogProbs, Tensor ratio, Tensor clipped, Tensor loss)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (tokens, actions) = (oldLogProbs.shape[0], ratio.shape[0]);
        var metrics = new Metrics();
        metrics.AddSum("policy/approxkl_avg", (scores.LogProbs - oldLogProbs).square().sum().ToDouble() / 2, tokens);
        metrics.AddSum("policy/kl_avg", (oldLogProbs - scores.LogProbs).sum().ToDouble(), tokens);
        metrics.AddSum("policy/clipfrac_avg", clipped.sum().ToDouble(), actions);
        metrics.AddSum("policy/entropy_avg", scores.Entropy.sum().ToDouble(), tokens);
        metrics.AddSum("loss/policy_avg", loss.sum().ToDouble(), actions);
        metrics.AddSum("val/ratio", ratio.sum().ToDouble(), actions);
        metrics.AddSum("val/ratio_var", (ratio - 1).square().sum().ToDouble(), actions);
        return metrics;
    }
}
