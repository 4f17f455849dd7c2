using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>
/// Comparisons leave a constant open in the rewards of a prompt. The square of the sum of two compared rewards, as an additional loss,
/// brings them near 0 (Eisenstein et al. 2023, arXiv:2312.09244, and TRL's center_rewards_coefficient).
/// </summary>
public static class Centering
{
    /// <summary>The mean over all pairs of answers of (r_i + r_j)^2.</summary>
    /// <param name="rewards">[..., answers], at least two answers</param>
    /// <returns>[...]</returns>
    public static Tensor Loss(Tensor rewards)
    {
        var count = rewards.shape[^1];
        using var scope = NewDisposeScope();
        // Over pairs, r_i^2 and r_j^2 come to (K - 1) sum r^2, and the products to (sum r)^2 - sum r^2.
        var squares = (count - 2) * rewards.square().sum(-1) + rewards.sum(-1).square();
        return (squares / (count * (count - 1) / 2.0)).MoveToOuterDisposeScope();
    }
}
