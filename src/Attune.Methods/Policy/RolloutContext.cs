using Attune.Core.Rollouts;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;

namespace Attune.Methods.Policy;

/// <summary>What a method works with that learns from its own answers.</summary>
public sealed record RolloutContext
{
    public required LanguageModel Policy { get; init; }

    /// <summary>The model from which divergence is measured.</summary>
    public required LanguageModel Reference { get; init; }

    /// <summary>What lets <see cref="Reference"/> follow the policy, which is then a copy of its own; null for one that stays.</summary>
    public MovingReference? MovingReference { get; init; }

    public required PromptPool Prompts { get; init; }
    public required ISampler Sampler { get; init; }
    public required SamplingOptions Sampling { get; init; }
    public required IReward Reward { get; init; }

    /// <summary>Held-out prompts; null to look at none.</summary>
    public PolicyEvaluation? Evaluation { get; init; }

    /// <summary>
    /// Held-out prompts by which a run is stopped, other than those of <see cref="Evaluation"/>: figures that also chose where to stop
    /// would be a little too good. Null where <see cref="Evaluation"/> must do for both.
    /// </summary>
    public PolicyEvaluation? Validation { get; init; }

    /// <summary>What frozen layers give, shared by all models that have them; null where no layers are frozen.</summary>
    public FrozenLayerCache? Shared { get; init; }

    /// <summary>What must happen before some rounds; null for nothing.</summary>
    public IRoundPreparation? Preparation { get; init; }
}
