using System.Collections.Immutable;

namespace Attune.Recipes.Running;

/// <summary>What a stage would take, as far as a dry run can tell.</summary>
/// <param name="Name">The stage's.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="Trainings">Each training that was tried; empty where the stage trains nothing.</param>
/// <param name="SecondsApart">Spent on everything but training: loading, sampling for others, evaluations before and after.</param>
/// <param name="PeakGiB">Most memory of the process so far.</param>
/// <param name="NotTried">What of the stage was not tried, and why; null where all was.</param>
public sealed record DryRunStage(
    string Name,
    string Purpose,
    ImmutableArray<DryRunTraining> Trainings,
    double SecondsApart,
    double PeakGiB,
    string? NotTried
)
{
    /// <summary>Estimated for the whole stage, evaluations while it trains not included.</summary>
    public double Seconds => SecondsApart + Trainings.Sum(t => t.SecondsPerUpdate * t.Updates);
}

/// <summary>One training that was tried for a few rounds.</summary>
/// <param name="Rows">Rows to learn from; 0 where answers are sampled.</param>
/// <param name="Updates">Updates that are planned.</param>
/// <param name="ItemsPerRound">Items, or answers, that a round draws: one update where data are fixed.</param>
/// <param name="SecondsPerUpdate">Sampling included, evaluations not.</param>
/// <param name="TokensPerUpdate">Tokens that are learned from.</param>
public sealed record DryRunTraining(long Rows, long Updates, long ItemsPerRound, double SecondsPerUpdate, double TokensPerUpdate);
