using Attune.Numerics;
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
}
