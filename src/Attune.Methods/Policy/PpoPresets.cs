using System.Collections.Immutable;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>PPO with the numbers of the papers, sizes too: override those on small machines.</summary>
public sealed partial record PpoOptions : IHasPresets
{
    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "ziegler-2019",
            "Ziegler et al. 2019, from OpenAI's released code: adaptive KL, shared trunk, TensorFlow's Adam, rewards whitened.",
            "The code asks for a full stop where Attune asks for the end token, and collects labels while it learns: use `attune online` "
                + "for that."
        )
        {
            ["learning_rate"] = 1e-5,
            ["schedule"] = ScheduleKind.Linear,
            ["adam_style"] = AdamStyle.TensorFlow,
            ["adam_epsilon"] = 1e-5,
            ["max_grad_norm"] = 0,
            ["total_episodes"] = 1_000_000,
            ["rollout_batch_size"] = 512,
            ["batch_size"] = 512,
            ["ppo_epochs"] = 4,
            ["clip_range"] = 0.2,
            ["value_clip_range"] = 0.2,
            ["value_coefficient"] = 0.1,
            ["gamma"] = 1,
            ["lambda"] = 0.95,
            ["kl_coefficient"] = 0.15,
            ["kl_estimator"] = KlEstimator.K1,
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
            "Stiennon et al. 2020 as reproduced by Huang et al. 2024: fixed KL, critic from the reward model, -1 without end token.",
            "The reproduction only shifts the reward, so that reference answers score 0 on average; Attune's reward models are also scaled "
                + "to a deviation of 1, and kl_coefficient counts in that unit."
        )
        {
            ["learning_rate"] = 3e-6,
            ["schedule"] = ScheduleKind.Linear,
            ["adam_style"] = AdamStyle.Torch,
            ["adam_epsilon"] = 1e-5,
            ["max_grad_norm"] = 0,
            ["total_episodes"] = 1_000_000,
            ["rollout_batch_size"] = 512,
            ["batch_size"] = 512,
            ["ppo_epochs"] = 4,
            ["clip_range"] = 0.2,
            ["value_clip_range"] = 0.2,
            ["value_coefficient"] = 0.1,
            ["gamma"] = 1,
            ["lambda"] = 0.95,
            ["kl_coefficient"] = 0.05,
            ["kl_estimator"] = KlEstimator.K1,
            ["kl_controller"] = KlController.Fixed,
            ["temperature"] = 0.7,
            ["max_new_tokens"] = 53,
            ["whiten_rewards"] = false,
            ["advantage_whitening"] = AdvantageWhitening.Batch,
            ["value_network"] = ValueNetwork.RewardModel,
            ["missing_eos_score"] = -1,
        },
        new(
            "instructgpt-2022",
            "Ouyang et al. 2022, appendix C.4: 256k episodes, batches of 512 in minibatches of 64, one inner epoch, beta 0.02, ptx "
                + "coefficient 27.8 with 8 pretraining texts an episode, a moving average of the weights (decay 0.992, here after each "
                + "update) that is saved, ten iterations of warm-up, critic from the reward model, temperature 1.",
            "The paper chose the policy's learning rate by a scan for each size (9e-6 is its value function's); its warm-up begins at a "
                + "tenth of the peak, here at 0."
        )
        {
            ["learning_rate"] = 9e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["warmup_ratio"] = 0.02,
            ["adam_beta1"] = 0.9,
            ["adam_beta2"] = 0.95,
            ["total_episodes"] = 256_000,
            ["rollout_batch_size"] = 512,
            ["batch_size"] = 64,
            ["ppo_epochs"] = 1,
            ["clip_range"] = 0.2,
            ["gamma"] = 1,
            ["kl_coefficient"] = 0.02,
            ["kl_controller"] = KlController.Fixed,
            ["ptx_coefficient"] = 27.8,
            ["ptx_texts"] = 8,
            ["ema_decay"] = 0.992,
            ["value_network"] = ValueNetwork.RewardModel,
            ["temperature"] = 1,
            ["max_new_tokens"] = 1024,
        },
        new(
            "trl",
            "TRL's last PPO trainer (July 2026): Stiennon's numbers with PyTorch's Adam and no penalty for a missing end token.",
            "Sizes of a run are the user's there too; only the batch of 64 is TRL's."
        )
        {
            ["learning_rate"] = 3e-6,
            ["schedule"] = ScheduleKind.Linear,
            ["adam_style"] = AdamStyle.Torch,
            ["adam_epsilon"] = 1e-8,
            ["max_grad_norm"] = 0,
            ["rollout_batch_size"] = 64,
            ["batch_size"] = 64,
            ["ppo_epochs"] = 4,
            ["clip_range"] = 0.2,
            ["value_clip_range"] = 0.2,
            ["value_coefficient"] = 0.1,
            ["gamma"] = 1,
            ["lambda"] = 0.95,
            ["kl_coefficient"] = 0.05,
            ["kl_estimator"] = KlEstimator.K1,
            ["kl_controller"] = KlController.Fixed,
            ["temperature"] = 0.7,
            ["max_new_tokens"] = 53,
            ["whiten_rewards"] = false,
            ["advantage_whitening"] = AdvantageWhitening.Batch,
            ["value_network"] = ValueNetwork.RewardModel,
            ["missing_eos_penalty"] = 0,
        },
    ];
}
