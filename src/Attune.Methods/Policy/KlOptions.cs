using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Numerics;

namespace Attune.Methods.Policy;

/// <summary>How the KL penalty on each token is estimated from the sampled token.</summary>
public enum KlEstimator
{
    /// <summary>log pi - log pi_ref: unbiased.</summary>
    K1,

    /// <summary>x^2 / 2 with x = log pi - log pi_ref: biased, but as a term of a loss its gradient is the divergence's own.</summary>
    K2,

    /// <summary>exp(-x) - 1 + x with x = log pi - log pi_ref: unbiased and never negative.</summary>
    K3,

    /// <summary>|log pi - log pi_ref|: no estimate of the divergence, but never negative (TRL's classic trainer).</summary>
    Abs,

    /// <summary>The divergence itself, summed over the vocabulary at each token: no sampling noise, two softmaxes a token.</summary>
    Full,
}

/// <summary>The estimators as functions.</summary>
public static class KlEstimators
{
    /// <param name="difference">log pi - log pi_ref of the sampled token, nats</param>
    public static double Of(this KlEstimator estimator, double difference) =>
        estimator switch
        {
            KlEstimator.K1 => Divergence.K1(difference),
            KlEstimator.K2 => Divergence.K2(difference),
            KlEstimator.K3 => Divergence.K3(difference),
            KlEstimator.Abs => Math.Abs(difference),
            _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, "The full divergence needs both distributions."),
        };
}

/// <summary>Whether the price of divergence stays as it is.</summary>
public enum KlController
{
    Fixed,

    /// <summary>Steers the coefficient towards a target KL (Ziegler 2019, section 2.2).</summary>
    Adaptive,
}

/// <summary>Where the price of divergence is paid.</summary>
public enum KlPlacement
{
    /// <summary>In the reward, token by token (Ziegler 2019): the advantages know of it.</summary>
    Reward,

    /// <summary>As a term of the loss (GRPO), with a gradient of its own.</summary>
    Loss,
}

/// <summary>The group of options that prices divergence from the reference.</summary>
public sealed record KlOptions
{
    [Description("beta: penalty, in reward, for each nat of divergence from the reference (the starting value, if adaptive)")]
    [Range(0, 1000)]
    public double KlCoefficient { get; init; } = 0.05;

    [Description("estimator of the KL penalty on each token: k1, k2, k3, abs, or full (the exact sum over the vocabulary)")]
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K1;

    [Description("where the penalty stands: in the reward, or in the loss as a term of its own (expects k2 or k3)")]
    public KlPlacement KlPlacement { get; init; } = KlPlacement.Reward;

    [Description("whether the coefficient is fixed or adaptive")]
    public KlController KlController { get; init; } = KlController.Fixed;

    [Description("adaptive only: target KL, in nats for each answer")]
    [Range(1e-6, 1e6)]
    public double KlTarget { get; init; } = 6;

    [Description("adaptive only: number of answers in which the coefficient can change by at most a factor of e^0.2")]
    [Range(1, 1e9)]
    public double KlHorizon { get; init; } = 10_000;

    [Flatten]
    public MovingReferenceOptions Moves { get; init; } = new();

    /// <summary>Whether the price leads to the posterior: fixed, paid in the reward by k1, and towards a reference that stays.</summary>
    internal bool LeadsToPosterior =>
        KlController == KlController.Fixed && KlEstimator == KlEstimator.K1 && KlPlacement != KlPlacement.Loss && !Moves.SyncRefModel;

    /// <summary>beta, where it is paid in the loss; else 0.</summary>
    internal double InLoss(double beta) => KlPlacement == KlPlacement.Loss ? beta : 0;

    /// <summary>What cannot be meant.</summary>
    internal IEnumerable<ValidationResult> Problems() =>
        this is { KlPlacement: KlPlacement.Loss, KlCoefficient: > 0 } && KlEstimator is not (KlEstimator.K2 or KlEstimator.K3)
            ?
            [
                new ValidationResult(
                    KlEstimator == KlEstimator.K1
                        ? "kl_estimator is k1, whose gradient in a loss is 0 on average; expected k3 (the paper's) or k2."
                        : "kl_estimator is abs or full, which only the reward takes; in the loss expected k3 or k2.",
                    [nameof(KlEstimator)]
                ),
            ]
            : [];

    /// <summary>The divergence that the controller steers: what the penalty of an answer counts, without its coefficient.</summary>
    internal double Spent(IReadOnlyList<ScoredAnswer> answers, Metrics measured) =>
        KlEstimator == KlEstimator.K1
            ? measured["objective/kl"]
            : answers.Average(a => -Ppo.Rewards(a with { TokenRewards = [] }, 1, KlEstimator).Sum());

    /// <summary>The coefficient of the next round, after one of so many answers at this divergence (nats an answer).</summary>
    public double NextBeta(double beta, double kl, int answers) =>
        KlController == KlController.Adaptive ? NextBeta(beta, kl, KlTarget, answers, KlHorizon) : beta;

    /// <summary>
    /// One step of the adaptive controller (Ziegler 2019, section 2.2): beta (1 + clip(KL / target - 1, -0.2, 0.2) * episodes / horizon).
    /// </summary>
    public static double NextBeta(double beta, double kl, double target, double episodes, double horizon) =>
        beta * (1 + Math.Clamp(kl / target - 1, -0.2, 0.2) * episodes / horizon);
}
