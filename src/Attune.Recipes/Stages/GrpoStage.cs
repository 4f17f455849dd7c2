using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods.Policy;
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

    internal override IPolicyOptions Options => Method;

    internal override Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel) =>
        FitAsync(
            setup,
            context,
            new Grpo.Objective(Method, setup.Policy) { Shared = setup.Shared },
            new Grpo.Experience(Method, setup.Rollouts),
            "GRPO",
            cancel
        );
}
