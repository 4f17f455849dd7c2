using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Supervised;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Improves the policy by imitating the best of its own answers.</summary>
public sealed record RejectionSamplingStage : PolicyStage
{
    public override string Kind => "rejection-sampling";
    public override string Purpose => "imitate the best of its own answers (rejection-sampling fine-tuning)";

    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public RejectionSamplingOptions Training { get; init; } = new();

    internal override RolloutOptions Rollouts => Training;

    internal override Task<Progress> LearnAsync(PolicySetup bench, StageContext room, CancellationToken cancel) =>
        FitAsync(
            bench,
            room,
            new Sft.Objective(bench.Policy),
            new RejectionSampling.Experience(Training, bench.Parts),
            "rejection sampling",
            cancel
        );
}
