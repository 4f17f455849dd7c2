using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by A*-PO.</summary>
[Runs(typeof(AStarPoOptions))]
public sealed record AStarPoStage : PolicyStage
{
    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public AStarPoOptions Method { get; init; } = new();

    internal override IPolicyOptions Options => Method;

    internal override Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel) =>
        FitAsync(
            setup,
            context,
            new AStarPo.Objective(Method, setup.Policy) { Shared = setup.Shared },
            new AStarPo.Experience(Method, setup.Rollouts),
            "A*-PO",
            cancel
        );
}
