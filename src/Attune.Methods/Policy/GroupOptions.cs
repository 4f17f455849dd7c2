using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>The group of options that has several answers to each prompt compared with one another.</summary>
public sealed record GroupOptions
{
    [Description("answers to each prompt, compared with one another")]
    [Range(2, 10_000)]
    public int NumGenerations { get; init; } = 4;

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int NumIterations { get; init; } = 1;

    /// <summary>A round has to be made of whole groups.</summary>
    internal IEnumerable<ValidationResult> Problems(RolloutOptions rollouts) => Problems(rollouts.RolloutBatchSize, NumGenerations);

    /// <inheritdoc cref="Problems(RolloutOptions)"/>
    internal static IEnumerable<ValidationResult> Problems(int rolloutBatchSize, int numGenerations) =>
        rolloutBatchSize % numGenerations == 0
            ? []
            :
            [
                new ValidationResult(
                    $"rollout_batch_size is {rolloutBatchSize} and num_generations {numGenerations}; expected a multiple, so that "
                        + "every prompt gets all its answers.",
                    [nameof(RolloutOptions.RolloutBatchSize), nameof(NumGenerations)]
                ),
            ];
}
