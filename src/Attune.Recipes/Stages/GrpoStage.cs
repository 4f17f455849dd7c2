using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Methods.Policy;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by GRPO.</summary>
[Runs(typeof(GrpoOptions))]
public sealed record GrpoStage : PolicyStage
{
    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public GrpoOptions Method { get; init; } = new();

    internal override RolloutOptions Rollouts => Method;

    internal override Task<Progress> LearnAsync(PolicySetup bench, StageContext room, CancellationToken cancel) =>
        FitAsync(
            bench,
            room,
            new Grpo.Objective(Method, bench.Policy) { Shared = bench.Shared },
            new Grpo.Experience(Method, bench.Parts),
            "GRPO",
            cancel
        );
}
