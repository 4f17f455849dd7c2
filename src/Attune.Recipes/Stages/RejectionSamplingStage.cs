using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Supervised;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>Improves the policy by imitating the best of its own answers.</summary>
[Runs(typeof(RejectionSamplingOptions))]
public sealed record RejectionSamplingStage : PolicyStage
{
    [Flatten]
    public override required PolicyTask Task { get; init; }

    [Flatten]
    public RejectionSamplingOptions Method { get; init; } = new();

    internal override IPolicyOptions Options => Method;

    internal override Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel) =>
        FitAsync(
            setup,
            context,
            new Sft.Objective(setup.Policy),
            new RejectionSampling.Experience(Method, setup.Rollouts),
            "rejection sampling",
            cancel
        );
}
