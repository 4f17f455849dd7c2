using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>
/// The group of options for rounds of a method's own answers: how many to sample, when to look at the held-out prompts, and when to stop.
/// </summary>
public sealed record RolloutOptions
{
    [Description("answers to sample in the whole run")]
    [Range(1, 1_000_000_000)]
    public int TotalEpisodes { get; init; } = 10_000;

    [Description("answers to sample in each round")]
    [Range(1, 1_000_000)]
    public int RolloutBatchSize { get; init; } = 256;

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

    /// <summary>Rounds in the whole run.</summary>
    public long Rounds => (TotalEpisodes + RolloutBatchSize - 1) / RolloutBatchSize;
}
