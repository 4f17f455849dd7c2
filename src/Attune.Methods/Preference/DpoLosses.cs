using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Which loss of the DPO family.</summary>
public enum DpoLoss
{
    /// <summary>DPO; with label smoothing, conservative DPO.</summary>
    Sigmoid,

    /// <summary>Robust DPO: unbiased where a known share of the labels is flipped.</summary>
    Robust,

    /// <summary>The hinge max(0, 1 - beta margin), as in statistical rejection sampling (Liu et al. 2023).</summary>
    Hinge,

    /// <summary>IPO on scores divided by the answers' lengths.</summary>
    Ipo,

    /// <summary>DPO on scores divided by the answers' lengths.</summary>
    SigmoidNorm,

    /// <summary>EXO: the reverse KL from the labels' distribution to the policy's.</summary>
    ExoPair,

    /// <summary>NCA: also the chosen answer's own likelihood is held up.</summary>
    NcaPair,

    /// <summary>BCO on pairs: each answer classified for itself.</summary>
    BcoPair,

    /// <summary>SPPO with certain labels: each score is regressed on its own goal.</summary>
    SppoHard,

    /// <summary>APO-zero: chosen answers up, rejected ones down.</summary>
    ApoZero,

    /// <summary>APO-down: both down, rejected ones further.</summary>
    ApoDown,

    /// <summary>AOT: the sorted margins of the policy against those of the reference.</summary>
    Aot,

    /// <summary>AOT: the sorted log ratios of chosen answers against those of rejected ones.</summary>
    AotUnpaired,

    /// <summary>DiscoPOP, the log-ratio modulated loss.</summary>
    Discopop,

    /// <summary>Negative log-likelihood of the chosen answer.</summary>
    Sft,
}

/// <summary>
/// The losses of the DPO family. Each is a function of the two scores of a pair, whose difference is the margin; a score is the log ratio
/// log pi - log pi_ref, or what another divergence makes of it. All are per pair, [pairs], and their gradients reach both scores.
/// </summary>
public static class DpoLosses
{
    internal static readonly Dictionary<DpoLoss, Func<DpoScores, Tensor>> Table = new()
    {
        [DpoLoss.Sigmoid] = s => Dpo.Conservative(s.Margin, s.Beta, s.LabelSmoothing),
        [DpoLoss.Robust] = s => Dpo.Robust(s.Margin, s.Beta, s.LabelSmoothing),
        [DpoLoss.Hinge] = s => Slic.Loss(s.Margin, s.Beta, delta: 1),
        [DpoLoss.Ipo] = s => Ipo.Loss(s.NormalisedMargin, s.Beta),
        [DpoLoss.SigmoidNorm] = s => Dpo.Conservative(s.NormalisedMargin, s.Beta, s.LabelSmoothing),
        [DpoLoss.ExoPair] = s => ExoPair(s.Margin, s.Beta, s.LabelSmoothing),
        [DpoLoss.NcaPair] = s => NcaPair(s.Chosen, s.Rejected, s.Beta),
        [DpoLoss.BcoPair] = s => BcoPair(s.Chosen, s.Rejected, s.Beta),
        [DpoLoss.SppoHard] = s => SppoHard(s.Chosen, s.Rejected, s.Beta),
        [DpoLoss.ApoZero] = s => ApoZero(s.Chosen, s.Rejected, s.Beta),
        [DpoLoss.ApoDown] = s => ApoDown(s.Chosen, s.Rejected, s.Beta),
        [DpoLoss.Aot] = s => Dpo.Conservative(Aot.PolicyMargin(s.Pairs) - Aot.ReferenceOf(s.Pairs), s.Beta, s.LabelSmoothing),
        [DpoLoss.AotUnpaired] = s => Aot.Unpaired(s.Pairs, margin => Dpo.Conservative(margin, s.Beta, s.LabelSmoothing)),
        [DpoLoss.Discopop] = s => Discopop(s.Margin, s.Beta, s.Options.DiscopopTau),
        [DpoLoss.Sft] = s => -s.Pairs.Numbers(p => p.TokenShare) * s.Pairs.Chosen.MeanLogProbs,
    };

    /// <summary>The losses that the options name, each times its weight.</summary>
    /// <returns>[pairs]</returns>
    internal static Tensor Sum(DpoScores scores)
    {
        var (names, weights) = (scores.Options.LossType, scores.Options.LossWeights);
        Tensor Weighted(DpoLoss name, int place) => weights.IsEmpty ? Table[name](scores) : weights[place] * Table[name](scores);
        return names.Select(Weighted).Aggregate((sum, next) => sum + next);
    }

    /// <summary>
    /// EXO on pairs, Ji et al. 2024 (arXiv:2402.00856, eq. 16): KL(q || p) with q = (sigma(beta margin), sigma(-beta margin)), what the
    /// policy believes, and p = (1 - epsilon, epsilon), what the labels say. DPO has it the other way round.
    /// </summary>
    /// <param name="margin">[pairs], nats</param>
    /// <param name="epsilon">above 0: a certain label would be infinitely far away</param>
    public static Tensor ExoPair(Tensor margin, double beta, double epsilon)
    {
        if (epsilon is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "expected more than 0 and less than 1");
        }

        margin.Require([-1]);
        using var scope = NewDisposeScope();
        var (logChosen, logRejected) = (LogSigma(beta * margin), LogSigma(-beta * margin));
        return (
            logChosen.exp() * (logChosen - Math.Log(1 - epsilon)) + logRejected.exp() * (logRejected - Math.Log(epsilon))
        ).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// NCA on pairs, Chen et al. 2024 (arXiv:2402.05369): -log sigma(r) - 1/2 log sigma(-r) - 1/2 log sigma(-r'), with r = beta score
    /// of the chosen and r' of the rejected answer. The middle term holds the chosen score near log 2 / beta.
    /// </summary>
    /// <param name="chosen">[pairs], nats</param>
    /// <param name="rejected">[pairs], nats</param>
    public static Tensor NcaPair(Tensor chosen, Tensor rejected, double beta)
    {
        rejected.Require(chosen.Require([-1]).shape);
        using var scope = NewDisposeScope();
        return (-LogSigma(beta * chosen) - 0.5 * LogSigma(-beta * chosen) - 0.5 * LogSigma(-beta * rejected)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// BCO on pairs, Jung et al. 2024 (arXiv:2404.04656), without its shift: -log sigma(beta chosen) - log sigma(-beta rejected), a
    /// classifier of single answers whose loss bounds DPO's from above.
    /// </summary>
    /// <param name="chosen">[pairs], nats</param>
    /// <param name="rejected">[pairs], nats</param>
    public static Tensor BcoPair(Tensor chosen, Tensor rejected, double beta)
    {
        rejected.Require(chosen.Require([-1]).shape);
        using var scope = NewDisposeScope();
        return (-LogSigma(beta * chosen) - LogSigma(-beta * rejected)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// SPPO, Wu et al. 2024 (arXiv:2405.00675, eq. 4.7) with probability 1 for the chosen answer and 0 for the rejected one:
    /// (chosen - 1 / (2 beta))^2 + (rejected + 1 / (2 beta))^2; beta is 1 / eta of the paper.
    /// </summary>
    /// <param name="chosen">[pairs], nats</param>
    /// <param name="rejected">[pairs], nats</param>
    /// <returns>[pairs], nats squared</returns>
    public static Tensor SppoHard(Tensor chosen, Tensor rejected, double beta)
    {
        rejected.Require(chosen.Require([-1]).shape);
        using var scope = NewDisposeScope();
        return ((chosen - 0.5 / beta).square() + (rejected + 0.5 / beta).square()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// APO-zero, D'Oosterlinck et al. 2024 (arXiv:2408.06266, eq. 7): 1 - sigma(beta chosen) + sigma(beta rejected). For answers better
    /// than the model's own.
    /// </summary>
    /// <param name="chosen">[pairs], nats</param>
    /// <param name="rejected">[pairs], nats</param>
    public static Tensor ApoZero(Tensor chosen, Tensor rejected, double beta)
    {
        rejected.Require(chosen.Require([-1]).shape);
        using var scope = NewDisposeScope();
        return ((-beta * chosen).sigmoid() + (beta * rejected).sigmoid()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// APO-down (eq. 8 there): sigma(beta chosen) + 1 - sigma(beta (chosen - rejected)). For answers worse than the model's own: both
    /// fall, the rejected one further.
    /// </summary>
    /// <param name="chosen">[pairs], nats</param>
    /// <param name="rejected">[pairs], nats</param>
    public static Tensor ApoDown(Tensor chosen, Tensor rejected, double beta)
    {
        rejected.Require(chosen.Require([-1]).shape);
        using var scope = NewDisposeScope();
        return ((beta * chosen).sigmoid() + (beta * (rejected - chosen)).sigmoid()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// DiscoPOP, Lu et al. 2024 (arXiv:2406.08414, eq. 5), found by a search over programs: with z = beta margin and w = sigma(z / tau),
    /// (1 - w) log(1 + exp(-z)) + w exp(-z). Not convex: it rises again between a wrong and a right order.
    /// </summary>
    /// <param name="margin">[pairs], nats</param>
    public static Tensor Discopop(Tensor margin, double beta, double tau)
    {
        margin.Require([-1]);
        using var scope = NewDisposeScope();
        var z = beta * margin;
        var weight = (z / tau).sigmoid();
        return ((weight - 1) * LogSigma(z) + weight * (-z).clamp(max: FDivergence.LargestExponent).exp()).MoveToOuterDisposeScope();
    }

    private static Tensor LogSigma(Tensor x) => nn.functional.logsigmoid(x);
}

/// <summary>What the losses of the family are made of.</summary>
/// <param name="Chosen">score of the chosen answer, [pairs]</param>
/// <param name="Rejected">score of the rejected answer, [pairs]</param>
/// <param name="Pairs">whence they come</param>
internal sealed record DpoScores(Tensor Chosen, Tensor Rejected, ScoredPairs Pairs, DpoOptions Options)
{
    public double Beta => Options.Beta;

    public double LabelSmoothing => Options.LabelSmoothing;

    /// <summary>Less the offset of ODPO, where there is one, [pairs].</summary>
    public Tensor Margin =>
        Options.OffsetWeight == 0
            ? Chosen - Rejected
            : Chosen - Rejected - Pairs.Numbers(p => Options.OffsetWeight * p.Pair.Margin / Options.Beta);

    /// <summary>Of scores divided by the answers' lengths, [pairs].</summary>
    public Tensor NormalisedMargin =>
        Options.LogProbs == LogProbReduction.Averaged
            ? Chosen - Rejected
            : Chosen / Pairs.Chosen.Lengths - Rejected / Pairs.Rejected.Lengths;
}
