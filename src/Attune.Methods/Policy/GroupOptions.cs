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

    [Description("answers to each prompt, compared with one another")]
    [Range(2, 10_000)]
    public int NumGenerations { get; init; } = 4;

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int NumIterations { get; init; } = 1;

    [Description("distance of the probability ratio from 1 at which it is clipped")]
    [Range(0.001, 10)]
    public double ClipRange { get; init; } = 0.2;

    [Description("distance above 1 at which the ratio is clipped, if different (DAPO: 0.28; default: clip_range)")]
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
