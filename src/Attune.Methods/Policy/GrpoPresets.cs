using System.Collections.Immutable;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>GRPO with the numbers of the papers. Sizes of batches and runs are theirs too: override them on small machines.</summary>
public sealed partial record GrpoOptions : IHasPresets
{
    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "deepseekmath-2024",
            "Shao et al. 2024, section 4.2: 64 answers a question, batches of 1024, one update after each, learning rate "
                + "1e-6, KL coefficient 0.04, answers of at most 1024 tokens."
        )
        {
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["num_generations"] = 64,
            ["rollout_batch_size"] = 1024,
            ["batch_size"] = 1024,
            ["kl_coefficient"] = 0.04,
            ["max_new_tokens"] = 1024,
        },
        new("dr-grpo-2025", "Liu et al. 2025 (arXiv:2503.20783): no division by the deviation, none by the length, no KL term.")
        {
            ["schedule"] = ScheduleKind.Constant,
            ["num_generations"] = 8,
            ["kl_coefficient"] = 0,
            ["scale_rewards"] = RewardScaling.None,
            ["loss_normalization"] = LossNormalization.Constant,
        },
        new("dapo-2025", "Yu et al. 2025 (arXiv:2503.14476): mean over tokens, the upper clip at 0.28, 16 answers a prompt, no KL term.")
        {
            ["schedule"] = ScheduleKind.Constant,
            ["num_generations"] = 16,
            ["clip_range_high"] = 0.28,
            ["kl_coefficient"] = 0,
            ["loss_normalization"] = LossNormalization.Token,
        },
        new("trl", "TRL's trainer (July 2026): no KL term, mean over tokens, 8 answers a prompt.")
        {
            ["num_generations"] = 8,
            ["kl_coefficient"] = 0,
            ["max_new_tokens"] = 256,
            ["loss_normalization"] = LossNormalization.Token,
        },
    ];
}
