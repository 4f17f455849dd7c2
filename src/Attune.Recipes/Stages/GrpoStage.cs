using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by GRPO.</summary>
public sealed record GrpoStage : PolicyStage
{
    public override string Kind => "grpo";
    public override string Purpose => "maximise the reward, normalised within the answers to each prompt (GRPO)";

    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public GrpoOptions Training { get; init; } = new();

    internal override RolloutOptions Rollouts => Training;

    internal override Task<Progress> LearnAsync(PolicySetup bench, StageContext room, CancellationToken cancel) =>
        FitAsync(
            bench,
            room,
            new Grpo.Objective(Training, bench.Policy) { Shared = bench.Shared },
            new Grpo.Experience(Training, bench.Parts),
            "GRPO",
            cancel
        );
}
