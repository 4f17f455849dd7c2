using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core.Options;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>The functions Psi that can be named in a recipe; code may give any other by <see cref="Preference.Psi.From"/>.</summary>
public enum PsiKind
{
    /// <summary>IPO.</summary>
    Identity,

    /// <summary>DPO.</summary>
    LogOdds,

    /// <summary>Thurstone's model.</summary>
    Probit,
}

/// <summary>General Psi-PO. <c>beta</c> is the paper's tau.</summary>
[Method(
    "psipo",
    "Psi-PO",
    "learn from preference pairs directly (general Psi-PO)",
    Paper = "Azar et al. 2023 (arXiv:2310.12036)",
    Example = "attune psipo --model DIR --data preferences.jsonl --psi probit --out runs/psipo"
)]
public sealed record PsiPoOptions : IPairMethod
{
    [Description("Psi, the function of the preference probability to maximise: identity (IPO), log-odds (DPO) or probit (Thurstone)")]
    public PsiKind Psi { get; init; } = PsiKind.Identity;

    [Description("assumed share of wrong labels")]
    [Range(0, 0.4999)]
    public double LabelSmoothing { get; init; }

    [Description("log-probability of an answer: the sum over its tokens (the paper) or their average")]
    public LogProbReduction LogProbs { get; init; } = LogProbReduction.Summed;

    [Description("beta: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new PsiPo.Objective(this, policy, reference);
}

/// <summary>
/// Psi-PO, Azar et al. 2023 (arXiv:2310.12036): maximise E[Psi(p(y preferred to y'))] - tau KL(pi || pi_ref), y from pi and y' from mu.
/// The optimum is pi_ref exp(g / tau) / Z with g(y) = E_mu[Psi(p(y preferred to y'))], so that every margin is
/// h(y, y') = (g(y) - g(y')) / tau. Two losses have it as their minimum; docs/algorithms/psipo.md derives them.
/// </summary>
public static class PsiPo
{
    /// <summary>(h - (g(y) - g(y')) / tau)^2, per pair: for any Psi, where probabilities of preference are known or estimated.</summary>
    /// <param name="margin">h, [pairs], nats</param>
    /// <param name="difference">g(y) - g(y') from <see cref="Values"/>, [pairs]</param>
    /// <returns>[pairs], nats squared</returns>
    public static Tensor Regression(Tensor margin, Tensor difference, double tau)
    {
        margin.Require([-1]);
        difference.Require(margin.shape);
        using var scope = NewDisposeScope();
        return (margin - difference / tau).square().MoveToOuterDisposeScope();
    }

    /// <summary>g(y) = sum over y' of mu(y') Psi(p(y preferred to y')).</summary>
    /// <param name="preferred">[answer, other answer]: how often the first is preferred; 1/2 on the diagonal</param>
    /// <param name="mu">share of each answer among those compared with</param>
    public static double[] Values(Psi psi, double[,] preferred, ReadOnlySpan<double> mu)
    {
        ArgumentNullException.ThrowIfNull(psi);
        ArgumentNullException.ThrowIfNull(preferred);
        var values = new double[mu.Length];
        for (var y = 0; y < values.Length; y++)
        {
            for (var other = 0; other < values.Length; other++)
            {
                values[y] += mu[other] * psi.Of(preferred[y, other]);
            }
        }

        return values;
    }

    /// <summary>
    /// Potential(tau h) - p tau h, per pair, with p = 1 - epsilon: from single labels, without any probability known. It is linear in p, so
    /// labels of 0 and 1 serve in their place, and its minimum is h = Phi(p) / tau. Identity: tau^2 / 2 times IPO; log-odds: DPO.
    /// </summary>
    /// <param name="margin">h of the chosen over the rejected answer, [pairs], nats</param>
    /// <param name="epsilon">share of flipped labels</param>
    /// <returns>[pairs]</returns>
    public static Tensor Loss(Tensor margin, Psi psi, double tau, double epsilon = 0)
    {
        ArgumentNullException.ThrowIfNull(psi);
        margin.Require([-1]);
        using var scope = NewDisposeScope();
        var score = tau * margin;
        return (psi.Potential(score) - (1 - epsilon) * score).MoveToOuterDisposeScope();
    }

    public sealed class Objective(PsiPoOptions options, Psi psi, LanguageModel policy, LanguageModel? reference)
        : PairObjective(policy, reference)
    {
        public Objective(PsiPoOptions options, LanguageModel policy, LanguageModel? reference)
            : this(options, Named(options.Psi), policy, reference) { }

        protected override Tensor Loss(ScoredPairs pairs) =>
            PsiPo.Loss(pairs.By(options.LogProbs).Margin, psi, options.Beta, options.LabelSmoothing);

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * answers.By(options.LogProbs).LogRatio;
    }

    private static Psi Named(PsiKind kind) =>
        kind switch
        {
            PsiKind.Identity => Psi.Identity,
            PsiKind.LogOdds => Psi.LogOdds,
            PsiKind.Probit => Psi.Probit,
            _ => throw new UnreachableException(),
        };
}
