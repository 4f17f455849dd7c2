using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// Robust DPO, Chowdhury et al. 2024 (arXiv:2403.00409): an unbiased estimate of the DPO loss on the true labels where each label was
/// flipped with probability epsilon. Unbiased, so it can be negative for a single pair, and its variance grows with 1 / (1 - 2 epsilon).
/// </summary>
public static class RobustDpo
{
    /// <summary>((1 - epsilon) l(margin) - epsilon l(-margin)) / (1 - 2 epsilon) with l the DPO loss, per pair.</summary>
    /// <param name="margin">[pairs], nats</param>
    /// <param name="epsilon">share of flipped labels, below 1/2</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor margin, double beta, double epsilon)
    {
        if (epsilon is not (>= 0 and < 0.5))
        {
            throw new ArgumentOutOfRangeException(
                nameof(epsilon),
                epsilon,
                "expected at least 0 and less than 1/2: with half the labels flipped nothing can be learned from them"
            );
        }

        using var scope = NewDisposeScope();
        return (((1 - epsilon) * Dpo.Loss(margin, beta) - epsilon * Dpo.Loss(-margin, beta)) / (1 - 2 * epsilon)).MoveToOuterDisposeScope();
    }
}
