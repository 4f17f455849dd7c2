using System.Collections.Immutable;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>PPO with the numbers of the papers. Sizes of batches and runs are theirs too: override them on small machines.</summary>
public sealed partial record PpoOptions : IHasPresets
{
    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "ziegler-2019",
            "Ziegler et al. 2019, from OpenAI's released code: adaptive KL, shared trunk, TensorFlow's Adam, rewards " + "whitened."
        )
        {
            ["learning_rate"] = 1e-5,
            ["adam_style"] = AdamStyle.TensorFlow,
            ["adam_epsilon"] = 1e-5,
            ["total_episodes"] = 1_000_000,
            ["rollout_batch_size"] = 512,
            ["batch_size"] = 512,
            ["kl_coefficient"] = 0.15,
            ["kl_controller"] = KlController.Adaptive,
            ["kl_target"] = 6,
            ["kl_horizon"] = 10_000,
            ["temperature"] = 0.7,
            ["max_new_tokens"] = 24,
            ["whiten_rewards"] = true,
            ["advantage_whitening"] = AdvantageWhitening.Minibatch,
            ["value_network"] = ValueNetwork.SharedTrunk,
            ["missing_eos_score"] = -1,
        },
        new(
            "stiennon-2020",
            "Stiennon et al. 2020 as reproduced by Huang et al. 2024: fixed KL, critic from the reward model, -1 without " + "end token."
        )
        {
            ["learning_rate"] = 3e-6,
            ["adam_epsilon"] = 1e-5,
            ["total_episodes"] = 1_000_000,
            ["rollout_batch_size"] = 512,
            ["batch_size"] = 512,
            ["kl_coefficient"] = 0.05,
            ["temperature"] = 0.7,
            ["max_new_tokens"] = 53,
            ["missing_eos_score"] = -1,
        },
        new(
            "instructgpt-2022",
            "Ouyang et al. 2022, appendix C.4: 256k episodes, batches of 512 in minibatches of 64, one inner epoch, beta "
                + "0.02, ptx coefficient 27.8, ten iterations of warm-up, critic from the reward model, temperature 1. The paper "
                + "chose the policy's learning rate by a scan for each size; 9e-6 is its value function's."
        )
        {
            ["learning_rate"] = 9e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["warmup_ratio"] = 0.02,
            ["adam_beta2"] = 0.95,
            ["total_episodes"] = 256_000,
            ["rollout_batch_size"] = 512,
            ["batch_size"] = 64,
            ["ppo_epochs"] = 1,
            ["kl_coefficient"] = 0.02,
            ["ptx_coefficient"] = 27.8,
            ["temperature"] = 1,
            ["max_new_tokens"] = 1024,
        },
        new(
            "trl",
            "TRL's last PPO trainer (July 2026): Stiennon's numbers with PyTorch's Adam and no penalty for a missing end " + "token."
        )
        {
            ["temperature"] = 0.7,
            ["max_new_tokens"] = 53,
            ["rollout_batch_size"] = 64,
            ["batch_size"] = 64,
        },
    ];
}
