using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Methods.Policy;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by RLOO.</summary>
[Runs(typeof(RlooOptions))]
public sealed record RlooStage : PolicyStage
{
    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public RlooOptions Method { get; init; } = new();

    internal override RolloutOptions Rollouts => Method;

    internal override Task<Progress> LearnAsync(PolicySetup bench, StageContext room, CancellationToken cancel) =>
        FitAsync(
            bench,
            room,
            new Rloo.Objective(Method, bench.Policy) { Shared = bench.Shared },
            new Rloo.Experience(Method, bench.Parts),
            "RLOO",
            cancel
        );
}
