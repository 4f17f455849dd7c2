using Attune.Methods.Reward;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Control.Preferences;

/// <summary>
/// Which of two clips a person prefers, as Christiano et al. 2017 (arXiv:1706.03741, section 2.2.3 and eq. 1) model it: by the sums of
/// their rewards, with a share of answers given by chance. Everything is computed from the difference of the sums: a probability in
/// float32 is exactly 1 beyond a difference of 17, and the loss of the wrong label then neither finite nor of use.
/// </summary>
public static class ClipPreferences
{
    /// <summary>Share of answers by chance, from the paper.</summary>
    public const double Chance = 0.1;

    /// <param name="left">rewards, [pairs, steps]</param>
    /// <param name="right">rewards, [pairs, steps]</param>
    /// <param name="probability">that the left clip is better, [pairs]</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor left, Tensor right, Tensor probability, double chance = Chance, double discount = 1)
    {
        left.Require([-1, -1]);
        right.Require(left.shape);
        probability.Require([left.shape[0]]);
        using var scope = NewDisposeScope();
        return LossOfDifference(Sum(left - right, discount), probability, chance).MoveToOuterDisposeScope();
    }

    /// <param name="difference">left sum minus right, [pairs]</param>
    /// <param name="probability">that the left clip is better, [pairs]</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor LossOfDifference(Tensor difference, Tensor probability, double chance = Chance)
    {
        using var scope = NewDisposeScope();
        var (win, loss) = (BradleyTerry.WithChance(difference, chance), BradleyTerry.WithChance(-difference, chance));
        return (-(probability * win + (1 - probability) * loss)).MoveToOuterDisposeScope();
    }

    /// <summary>P(left is preferred).</summary>
    /// <param name="difference">left sum minus right</param>
    public static double Probability(double difference, double chance = 0) => chance / 2 + (1 - chance) / (1 + Math.Exp(-difference));

    /// <summary>Sum of rewards, the first undiscounted.</summary>
    public static double Return(IReadOnlyList<double> rewards, double discount = 1)
    {
        var (sum, factor) = (0.0, 1.0);
        foreach (var reward in rewards)
        {
            sum += factor * reward;
            factor *= discount;
        }

        return sum;
    }

    private static Tensor Sum(Tensor rewards, double discount)
    {
        if (discount == 1)
        {
            return rewards.sum(-1);
        }

        var factors = Enumerable.Range(0, (int)rewards.shape[1]).Select(t => Math.Pow(discount, t)).ToArray();
        return (rewards * tensor(factors, rewards.dtype)).sum(-1);
    }
}
