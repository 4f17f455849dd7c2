using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by REINFORCE++.</summary>
[Runs(typeof(ReinforcePlusPlusOptions))]
public sealed record ReinforcePlusPlusStage : PolicyStage
{
    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public ReinforcePlusPlusOptions Method { get; init; } = new();

    internal override IPolicyOptions Options => Method;

    internal override Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel) =>
        FitAsync(
            setup,
            context,
            ReinforcePlusPlus.Objective(Method, setup.Policy, setup.Shared),
            new ReinforcePlusPlus.Experience(Method, setup.Rollouts),
            "REINFORCE++",
            cancel
        );
}
