using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by ReMax.</summary>
[Runs(typeof(ReMaxOptions))]
public sealed record ReMaxStage : PolicyStage
{
    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public ReMaxOptions Method { get; init; } = new();

    internal override IPolicyOptions Options => Method;

    internal override Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel) =>
        FitAsync(
            setup,
            context,
            ReMax.Objective(Method, setup.Policy, setup.Shared),
            new ReMax.Experience(Method, setup.Rollouts),
            "ReMax",
            cancel
        );
}
