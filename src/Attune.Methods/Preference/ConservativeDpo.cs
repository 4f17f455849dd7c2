using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// Conservative DPO, Mitchell 2023 ("A note on DPO with noisy preferences and relationship to IPO", eq. 3): labels are right with
/// probability 1 - epsilon only, so the loss is the cross-entropy to that, least where sigma(beta margin) = 1 - epsilon.
/// </summary>
public static class ConservativeDpo
{
    /// <summary>-(1 - epsilon) log sigma(beta margin) - epsilon log sigma(-beta margin), per pair; DPO where epsilon is 0.</summary>
    /// <param name="margin">[pairs], nats</param>
    /// <param name="epsilon">share of flipped labels, 0 to 1/2</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor margin, double beta, double epsilon)
    {
        if (epsilon == 0)
        {
            return Dpo.Loss(margin, beta);
        }

        using var scope = NewDisposeScope();
        return ((1 - epsilon) * Dpo.Loss(margin, beta) + epsilon * Dpo.Loss(-margin, beta)).MoveToOuterDisposeScope();
    }
}
