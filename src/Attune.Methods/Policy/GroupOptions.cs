using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>What RLOO and GRPO share: several answers to each prompt, which are one another's baseline; no value network.</summary>
public abstract record GroupOptions : PolicyGradientOptions, IValidatableObject
{
    protected GroupOptions()
    {
        Training = new()
        {
            LearningRate = 1e-6,
            BatchSize = 64,
            CheckpointEvery = 10,
        };
    }

    [Description("answers to each prompt, which are compared with one another")]
    [Range(2, 10_000)]
    public int NumGenerations { get; init; } = 4;

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int NumIterations { get; init; } = 1;

    [Description("how far the probability ratio may move before it is clipped")]
    [Range(0.001, 10)]
    public double ClipRange { get; init; } = 0.2;

    [Description("how far it may rise, where that should differ (DAPO: 0.28); left out, clip_range")]
    [Range(0.001, 10)]
    public double? ClipRangeHigh { get; init; }

    public override long UpdatesPerRound => NumIterations * UpdatesPerPass;

    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RolloutBatchSize % NumGenerations != 0)
        {
            yield return new ValidationResult(
                $"rollout_batch_size is {RolloutBatchSize} and num_generations {NumGenerations}; expected a multiple, so that "
                    + "every prompt gets all its answers.",
                [nameof(RolloutBatchSize), nameof(NumGenerations)]
            );
        }
    }
}
