using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Numerics;
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
    public static Tensor Clipped(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, double low, double high)
    {
        logProbs.Require([-1]);
        oldLogProbs.Require(logProbs.shape);
        advantages.Require(logProbs.shape);
        using var scope = NewDisposeScope();
        var ratio = (logProbs - oldLogProbs).exp();
        return maximum(-advantages * ratio, -advantages * ratio.clamp(1 - low, 1 + high)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What PPO, RLOO and GRPO log of an update, as means over answer tokens, or over answers where those are the actions.
    /// </summary>
    /// <param name="oldLogProbs">[tokens]</param>
    /// <param name="ratio">the one that the loss clips, without gradient, [actions]</param>
    /// <param name="clipped">where it was clipped, [actions]</param>
    /// <param name="loss">of the policy, [actions] or their sum</param>
    internal static Metrics Measure(TokenScores scores, Tensor oldLogProbs, Tensor ratio, Tensor clipped, Tensor loss)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (tokens, actions) = (oldLogProbs.shape[0], ratio.shape[0]);
        var metrics = new Metrics();
        metrics.AddSum("policy/approxkl_avg", (scores.LogProbs - oldLogProbs).square().sum().ToDouble() / 2, tokens);
        metrics.AddSum("policy/clipfrac_avg", clipped.sum().ToDouble(), actions);
        metrics.AddSum("policy/entropy_avg", scores.Entropy.sum().ToDouble(), tokens);
        metrics.AddSum("loss/policy_avg", loss.sum().ToDouble(), actions);
        metrics.AddSum("val/ratio", ratio.sum().ToDouble(), actions);
        metrics.AddSum("val/ratio_var", (ratio - 1).square().sum().ToDouble(), actions);
        return metrics;
    }
}
