using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by RLOO.</summary>
public sealed record RlooStage : PolicyStage
{
    public override string Kind => "rloo";
    public override string Purpose => "maximise the reward, answers to one prompt compared with one another (RLOO)";

    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public RlooOptions Training { get; init; } = new();

    internal override RolloutOptions Rollouts => Training;

    internal override Task<Progress> LearnAsync(PolicySetup bench, StageContext room, CancellationToken cancel) =>
        FitAsync(
            bench,
            room,
            new Rloo.Objective(Training, bench.Policy) { Shared = bench.Shared },
            new Rloo.Experience(Training, bench.Parts),
            "RLOO",
            cancel
        );
}
