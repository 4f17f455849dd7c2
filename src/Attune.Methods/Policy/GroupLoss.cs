using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>
/// The policy terms of GRPO's family, one function each, of ratios rho = pi / pi_old and advantages A. All are losses: smaller is better.
/// </summary>
public static class GroupLoss
{
    /// <summary>The term that the options name.</summary>
    /// <param name="ratio">[tokens], with gradient</param>
    /// <returns>[tokens]; and where the clip decides, bool</returns>
    internal static (Tensor Loss, Tensor Clipped) Of(PolicyLossOptions options, ClipOptions clip, GroupBatch batch, Tensor ratio)
    {
        var advantages = batch.TokenAdvantages;
        return options.PolicyLoss switch
        {
            PolicyLoss.Clip => (Surrogate.Clipped(ratio, advantages, clip), Surrogate.Binds(ratio, advantages, clip)),
            PolicyLoss.Cispo => (
                Cispo(batch.LogProbs, ratio, advantages, clip),
                ratio.gt(1 + clip.High).logical_and(advantages.gt(0)).detach()
            ),
            PolicyLoss.Sapo => (
                Sapo(ratio, advantages, options.SapoTemperaturePositive, options.SapoTemperatureNegative),
                zeros_like(ratio, ScalarType.Bool)
            ),
            PolicyLoss.Gmpo => Gmpo(batch, clip),
            _ => (Vespo(batch, options), zeros_like(ratio, ScalarType.Bool)),
        };
    }

    /// <summary>
    /// -sg(clip(rho)) A log pi (MiniMax 2025, arXiv:2506.13585, eq. 4 and 5): tokens beyond the bound keep their gradient, with the
    /// bound as their weight. As there, only large ratios are clipped.
    /// </summary>
    /// <returns>[tokens]</returns>
    public static Tensor Cispo(Tensor logProbs, Tensor ratio, Tensor advantages, ClipOptions clip) =>
        -(ratio.detach().clamp(max: 1 + clip.High) * advantages * logProbs);

    /// <summary>
    /// -(4 / tau) sigmoid(tau (rho - 1)) A (Gao et al. 2025, arXiv:2511.20347), with another temperature tau where A is not positive:
    /// the gradient of A rho at rho = 1, fading smoothly away from it.
    /// </summary>
    /// <returns>[tokens]</returns>
    public static Tensor Sapo(Tensor ratio, Tensor advantages, double positive, double negative)
    {
        using var scope = NewDisposeScope();
        var tau = where(advantages.gt(0), full_like(ratio, positive), full_like(ratio, negative)).detach();
        return (-(4 / tau) * (tau * (ratio - 1)).sigmoid() * advantages).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// -A times the geometric mean of the answer's ratios (Zhao et al. 2025, arXiv:2507.20673, eq. 4): log-ratios are cut on the side
    /// towards which the advantage pushes, at -clip_range and clip_range_high.
    /// </summary>
    private static (Tensor Loss, Tensor Clipped) Gmpo(GroupBatch batch, ClipOptions clip)
    {
        var up = batch.TokenAdvantages.gt(0);
        var cut = where(up, batch.LogRatios.clamp(max: clip.High), batch.LogRatios.clamp(min: -clip.Low));
        var mean = batch.MeanOfAnswer(cut, (item, t) => item.Counts(t) && item.Keeps(t));
        return (-mean.exp() * batch.TokenAdvantages, cut.ne(batch.LogRatios).detach());
    }

    /// <summary>
    /// -sg(phi(W)) A log pi with W = pi(y) / pi_sampler(y) of the whole answer and phi(W) = exp(lambda + k log W - lambda W), which is 1
    /// at W = 1 and falls on both sides.
    /// </summary>
    private static Tensor Vespo(GroupBatch batch, PolicyLossOptions options)
    {
        using var quiet = no_grad();
        var logs =
            batch.LogRatios.detach()
            + batch.PerToken((i, t) => i.SamplerRatios.IsDefault ? 0 : Math.Log(Math.Max(i.SamplerRatios[t], 1e-8)));
        var log = batch.ToTokens(batch.SumByAnswer(logs * batch.PerToken((i, t) => i.Counts(t) ? 1 : 0)));
        var negative = batch.TokenAdvantages.lt(0);
        Tensor Chosen(double positive, double other) => where(negative, full_like(log, other), full_like(log, positive));
        var power = Chosen(options.VespoPowerPositive, options.VespoPowerNegative);
        var rate = Chosen(options.VespoRatePositive, options.VespoRateNegative);
        var phi = (rate + power * log - rate * log.exp()).exp();
        using var learning = enable_grad();
        return -(phi * batch.TokenAdvantages * batch.LogProbs);
    }
}
