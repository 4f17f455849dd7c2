using Attune.Models.Weights;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>What a tie is.</summary>
public enum TieModel
{
    /// <summary>No outcome of its own.</summary>
    Ignore,

    /// <summary>Davidson 1970.</summary>
    Davidson,

    /// <summary>Rao and Kupper 1967.</summary>
    RaoKupper,
}

/// <summary>
/// Bradley and Terry's model with ties as a third outcome. With pi = exp(reward), Davidson 1970 has P(win) = pi_1 / D and
/// P(tie) = nu sqrt(pi_1 pi_2) / D with D = pi_1 + pi_2 + nu sqrt(pi_1 pi_2); Rao and Kupper 1967 have P(win) = pi_1 / (pi_1 + theta pi_2)
/// with theta at least 1, and a tie is what is left. The strength of ties is one number, learned with the rewards.
/// </summary>
public static class Ties
{
    /// <summary>Log-probabilities of the three outcomes, [pairs] each, nats.</summary>
    public readonly record struct Outcomes(Tensor Win, Tensor Tie, Tensor Loss);

    /// <param name="difference">first reward minus second, [pairs]</param>
    /// <param name="logStrength">log nu, a scalar</param>
    public static Outcomes Davidson(Tensor difference, Tensor logStrength)
    {
        difference.Require([-1]);
        using var scope = NewDisposeScope();
        // Divided by sqrt(pi_1 pi_2): exp(d / 2), nu and exp(-d / 2).
        var logits = stack([difference / 2, logStrength.expand_as(difference), -difference / 2]); // [3, pairs]
        var logProbs = logits - logits.logsumexp(0);
        return Moved(logProbs[0], logProbs[1], logProbs[2]);
    }

    /// <param name="difference">first reward minus second, [pairs]</param>
    /// <param name="logThreshold">log log theta, a scalar: theta is above 1 whatever it is</param>
    public static Outcomes RaoKupper(Tensor difference, Tensor logThreshold)
    {
        difference.Require([-1]);
        using var scope = NewDisposeScope();
        var threshold = logThreshold.exp();
        var win = nn.functional.logsigmoid(difference - threshold);
        var loss = nn.functional.logsigmoid(-difference - threshold);
        // (theta^2 - 1) P(win) P(loss)
        return Moved(win, (2 * threshold).expm1().log() + win + loss, loss);
    }

    /// <summary>The parameter at which equal answers are tied in this share of cases.</summary>
    /// <param name="share">Of ties; brought into 0.01 to 0.9, since neither never nor always can be learned from.</param>
    public static double StrengthAt(TieModel model, double share)
    {
        var s = Math.Clamp(share, 0.01, 0.9);
        return model == TieModel.Davidson ? Math.Log(2 * s / (1 - s)) : Math.Log(Math.Log((1 + s) / (1 - s)));
    }

    /// <summary>One weight, which begins at <see cref="StrengthAt"/>; null where ties are no outcome.</summary>
    internal static FlatParameters? Weight(TieModel model, double share)
    {
        if (model == TieModel.Ignore)
        {
            return null;
        }

        using var quiet = no_grad();
        var weight = new FlatParameters([new ParameterSlot("ties", 0, [1])]);
        weight.ExactOf("ties").fill_(StrengthAt(model, share));
        return weight;
    }

    private static Outcomes Moved(Tensor win, Tensor tie, Tensor loss) =>
        new(win.MoveToOuterDisposeScope(), tie.MoveToOuterDisposeScope(), loss.MoveToOuterDisposeScope());
}
