using Attune.Kernels;
using Attune.Models.Weights;

namespace Attune.Methods.Policy;

/// <summary>The groups of options that every method has which learns from its own answers.</summary>
public interface IPolicyOptions
{
    RolloutOptions Rollouts { get; }
    AnswerSampling Sampling { get; }
    ScoreOptions Scores { get; }
    TrainingOptions Training { get; }

    /// <summary>The price of divergence from the reference; null for methods that put none on it.</summary>
    KlOptions? Kl => null;

    /// <summary>
    /// The temperature of the posterior pi_ref exp(r / temperature) / Z at which the method comes to rest; null where it does not come to
    /// rest there, as where the reference moves. A fixed price paid in the reward by k1 leads there; the gradient of another estimator in
    /// the reward is not that of the divergence.
    /// </summary>
    double? PosteriorTemperature => Kl is { LeadsToPosterior: true } kl ? kl.KlCoefficient : null;

    /// <summary>Optimiser steps of one round.</summary>
    long UpdatesPerRound { get; }
}

/// <summary>What follows from several groups together.</summary>
public static class PolicyOptions
{
    /// <summary>Optimiser steps of one pass over a round's answers.</summary>
    public static long UpdatesPerPass(this IPolicyOptions options) =>
        (options.Rollouts.RolloutBatchSize + options.Training.BatchSize - 1) / options.Training.BatchSize;

    /// <summary>What the rollout engine multiplies in.</summary>
    public static KernelType SamplingType(this IPolicyOptions options) =>
        options.Sampling.RolloutPrecision ?? (options.Training.Precision == Precision.Bf16 ? KernelType.BF16 : KernelType.F32);
}
