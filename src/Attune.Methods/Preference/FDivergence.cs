using System.Diagnostics;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Which divergence D_f(pi || pi_ref) = E_ref[f(pi / pi_ref)] takes the place of the KL penalty.</summary>
public enum FDivergenceType
{
    /// <summary>KL(pi || pi_ref), f(u) = u log u: DPO itself; seeks modes.</summary>
    ReverseKl,

    /// <summary>KL(pi_ref || pi), f(u) = -log u: covers what the reference covers.</summary>
    ForwardKl,

    /// <summary>Jensen-Shannon, f(u) = u log u - (u + 1) log((u + 1) / 2): between both, rewards bounded above.</summary>
    JsDivergence,

    /// <summary>f(u) = (u^(1 - alpha) - (1 - alpha) u - alpha) / (alpha (alpha - 1)), 0 &lt; alpha &lt; 1.</summary>
    AlphaDivergence,
}

/// <summary>
/// f-DPO, Wang et al. 2023 (arXiv:2309.16240): with the penalty beta D_f the best policy for a reward r obeys
/// r(x, y) = beta f'(pi(y | x) / pi_ref(y | x)) + a constant of x, so f' takes the place of the log ratio in the DPO loss.
/// </summary>
public static class FDivergence
{
    // exp of more would overflow float32 in the loss or its gradient; there the loss is flat, or hopeless, anyway.
    internal const double LargestExponent = 60;

    /// <summary>
    /// f'(pi / pi_ref) less its constant, which cancels between the answers of a pair (1 for reverse KL, -1 / alpha ... for alpha).
    /// </summary>
    /// <param name="logRatio">log pi - log pi_ref, [answers], nats</param>
    /// <param name="alpha">of the alpha divergence</param>
    /// <returns>[answers]</returns>
    public static Tensor Derivative(Tensor logRatio, FDivergenceType type, double alpha = 0.5)
    {
        logRatio.Require([-1]);
        using var scope = NewDisposeScope();
        Tensor InversePower(double power) => (-power * logRatio).clamp(max: LargestExponent).exp(); // u^-power
        return (
            type switch
            {
                FDivergenceType.ReverseKl => logRatio + 0,
                FDivergenceType.ForwardKl => -InversePower(1),
                // log(2u / (1 + u)) = log 2 - softplus(-log u)
                FDivergenceType.JsDivergence => Math.Log(2) + nn.functional.logsigmoid(logRatio),
                FDivergenceType.AlphaDivergence => (1 - InversePower(alpha)) / alpha,
                _ => throw new UnreachableException(),
            }
        ).MoveToOuterDisposeScope();
    }
}
