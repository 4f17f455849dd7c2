using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Kernels;
using Attune.Models.Weights;

namespace Attune.Methods.Policy;

/// <summary>
/// What every method has that learns from its own answers: how many to sample, how they end, when to look at the held-out prompts, and
/// when to stop.
/// </summary>
public abstract record RolloutOptions
{
    [Description("answers to sample in the whole run")]
    [Range(1, 1_000_000_000)]
    public int TotalEpisodes { get; init; } = 10_000;

    [Description("answers to sample in each round")]
    [Range(1, 1_000_000)]
    public int RolloutBatchSize { get; init; } = 256;

    [Description("penalty for an answer that does not end with an end token")]
    [Range(0, 1e6)]
    public double MissingEosPenalty { get; init; }

    [Description("score of an answer that does not end with an end token, in place of the reward's (Stiennon 2020: -1)")]
    public double? MissingEosScore { get; init; }

    [Description("clip scores at this magnitude; 0 for no limit")]
    [Range(0, 1e6)]
    public double ScoreClip { get; init; }

    [Description("sampling temperature (below 1 more predictable, above 1 more varied); log-probabilities use the same temperature")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("number type for sampling: f32 or bf16 (default: the stage's precision)")]
    public Precision? RolloutPrecision { get; init; }

    /// <summary>The same as the rollout engine calls it.</summary>
    public KernelType SamplingType => (RolloutPrecision ?? Training.Precision) == Precision.Bf16 ? KernelType.BF16 : KernelType.F32;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 53;

    [Description("stop when a round's mean KL exceeds this many nats for each answer; 0 for no budget")]
    [Range(0, 1e6)]
    public double KlBudget { get; init; }

    [Description("rounds between evaluations on the held-out prompts")]
    [Range(1, 1_000_000)]
    public int EvaluateEvery { get; init; } = 5;

    [Description("held-out prompts for each evaluation")]
    [Range(1, 100_000)]
    public int EvaluationPrompts { get; init; } = 64;

    [Description("stop when the held-out gold reward is this far below its best in two evaluations running; 0 for never")]
    [Range(0, 1e6)]
    public double StopOnGoldDrop { get; init; }

    [Description("stop when the reward ensemble's spread on held-out answers exceeds this multiple of the initial spread; 0 for never")]
    [Range(0, 1e6)]
    public double StopOnDisagreement { get; init; }

    [Description(
        "memory in MB to cache the outputs of frozen layers for all models and epochs of a round; what does not "
            + "fit is recomputed; 0 for no cache"
    )]
    [Range(0, 1_000_000)]
    public int SharedStatesMb { get; init; } = 1024;

    [Flatten]
    public TrainingOptions Training { get; init; } = new();

    /// <summary>Rounds in the whole run.</summary>
    public long Rounds => (TotalEpisodes + RolloutBatchSize - 1) / RolloutBatchSize;

    /// <summary>Optimiser steps of one round.</summary>
    public abstract long UpdatesPerRound { get; }

    /// <summary>Optimiser steps of one pass over a round's answers.</summary>
    protected long UpdatesPerPass => (RolloutBatchSize + Training.BatchSize - 1) / Training.BatchSize;
}
