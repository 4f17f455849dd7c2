using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods.Policy;
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

    internal override IPolicyOptions Options => Method;

    internal override Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel) =>
        FitAsync(
            setup,
            context,
            new Rloo.Objective(Method, setup.Policy) { Shared = setup.Shared },
            new Rloo.Experience(Method, setup.Rollouts),
            "RLOO",
            cancel
        );
}
