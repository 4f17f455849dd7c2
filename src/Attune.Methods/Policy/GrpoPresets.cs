using System.Collections.Immutable;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>GRPO with the numbers of the papers, sizes too: override those on small machines.</summary>
public sealed partial record GrpoOptions : IHasPresets
{
    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "deepseekmath-2024",
            "Shao et al. 2024, section 4.2: 64 answers a question, batches of 1024, one update after each, learning rate 1e-6, KL "
                + "coefficient 0.04, answers of at most 1024 tokens.",
            "The paper names neither clip nor temperature: Attune's defaults stand. Its iterative variant, which trains the reward model "
                + "again between rounds, is not part of it."
        )
        {
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["num_generations"] = 64,
            ["num_iterations"] = 1,
            ["rollout_batch_size"] = 1024,
            ["batch_size"] = 1024,
            ["kl_coefficient"] = 0.04,
            ["kl_estimator"] = KlEstimator.K3,
            ["max_new_tokens"] = 1024,
            ["scale_rewards"] = RewardScaling.Group,
            ["loss_normalization"] = LossNormalization.Sequence,
        },
        new(
            "dr-grpo-2025",
            "Liu et al. 2025 (arXiv:2503.20783), from the authors' script for Qwen2.5-Math-7B: no division by the deviation, none by the "
                + "length, no KL term; 128 prompts with 8 answers each a round, minibatches of 128 answers of at most 3000 tokens.",
            "Prompt template and answer checker are the user's: see the match reward."
        )
        {
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["num_generations"] = 8,
            ["num_iterations"] = 1,
            ["rollout_batch_size"] = 1024,
            ["batch_size"] = 128,
            ["kl_coefficient"] = 0,
            ["temperature"] = 1,
            ["max_new_tokens"] = 3000,
            ["scale_rewards"] = RewardScaling.None,
            ["loss_normalization"] = LossNormalization.Constant,
        },
        new(
            "dapo-2025",
            "Yu et al. 2025 (arXiv:2503.14476), from the authors' script for Qwen2.5-32B: mean over tokens, the upper clip at 0.28, no KL "
                + "term; 512 prompts with 16 answers each a round, minibatches of 512 answers of at most 20480 tokens, "
                + "the last 4096 of which are penalised; up to 9 further draws where answers all earn the same.",
            "Its warm-up over the first 20 rounds needs warmup_ratio, which depends on the run's length. The answer checker is the user's: "
                + "see the match reward."
        )
        {
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["weight_decay"] = 0.1,
            ["max_grad_norm"] = 1,
            ["num_generations"] = 16,
            ["num_iterations"] = 1,
            ["rollout_batch_size"] = 8192,
            ["batch_size"] = 512,
            ["clip_range"] = 0.2,
            ["clip_range_high"] = 0.28,
            ["kl_coefficient"] = 0,
            ["temperature"] = 1,
            ["max_new_tokens"] = 20480,
            ["max_resampling"] = 9,
            ["overlong_buffer"] = 4096,
            ["overlong_penalty"] = 1,
            ["scale_rewards"] = RewardScaling.Group,
            ["loss_normalization"] = LossNormalization.Token,
        },
        new(
            "trl",
            "TRL's trainer (July 2026): no KL term, mean over tokens, 8 answers a prompt.",
            "Sizes of a run are the user's, there as here."
        )
        {
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Linear,
            ["num_generations"] = 8,
            ["num_iterations"] = 1,
            ["clip_range"] = 0.2,
            ["kl_coefficient"] = 0,
            ["temperature"] = 1,
            ["max_new_tokens"] = 256,
            ["scale_rewards"] = RewardScaling.Group,
            ["sample_deviation"] = true,
            ["kl_bias_correction"] = true,
            ["loss_normalization"] = LossNormalization.Token,
        },
    ];
}
