using Attune.Methods.Policy;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Policy;

/// <summary>
/// A preset states every number that its source names, also where it is the method's default today: a default may change, a paper does
/// not. The tables are the sources', key by key; where a preset inherits a number, or has another, this fails.
/// </summary>
public sealed class PresetNumbersTests
{
    private static readonly (string Key, object Value)[] OpenAi2019Losses =
    [
        ("ppo_epochs", 4),
        ("clip_range", 0.2),
        ("value_clip_range", 0.2),
        ("value_coefficient", 0.1),
        ("gamma", 1),
        ("lambda", 0.95),
        ("schedule", ScheduleKind.Linear),
        ("max_grad_norm", 0),
        ("kl_estimator", KlEstimator.K1),
    ];

    private static readonly Dictionary<string, (string Key, object Value)[]> Sources = new()
    {
        // openai/lm-human-preferences, launch.py and train_policy.py.
        ["ppo ziegler-2019"] =
        [
            .. OpenAi2019Losses,
            ("learning_rate", 1e-5),
            ("adam_style", AdamStyle.TensorFlow),
            ("adam_epsilon", 1e-5),
            ("total_episodes", 1_000_000),
            ("rollout_batch_size", 512),
            ("batch_size", 512),
            ("kl_coefficient", 0.15),
            ("kl_controller", KlController.Adaptive),
            ("kl_target", 6),
            ("kl_horizon", 10_000),
            ("temperature", 0.7),
            ("max_new_tokens", 24),
            ("whiten_rewards", true),
            ("advantage_whitening", AdvantageWhitening.Minibatch),
            ("value_network", ValueNetwork.SharedTrunk),
            ("missing_eos_score", -1),
        ],
        // vwxyzjn/summarize_from_feedback_details, ppo.py.
        ["ppo stiennon-2020"] =
        [
            .. OpenAi2019Losses,
            ("learning_rate", 3e-6),
            ("adam_style", AdamStyle.Torch),
            ("adam_epsilon", 1e-5),
            ("total_episodes", 1_000_000),
            ("rollout_batch_size", 512),
            ("batch_size", 512),
            ("kl_coefficient", 0.05),
            ("kl_controller", KlController.Fixed),
            ("temperature", 0.7),
            ("max_new_tokens", 53),
            ("whiten_rewards", false),
            ("advantage_whitening", AdvantageWhitening.Batch),
            ("value_network", ValueNetwork.RewardModel),
            ("missing_eos_score", -1),
        ],
        // Ouyang et al. 2022, appendix C.4.
        ["ppo instructgpt-2022"] =
        [
            ("learning_rate", 9e-6),
            ("schedule", ScheduleKind.Constant),
            ("warmup_ratio", 0.02),
            ("adam_beta1", 0.9),
            ("adam_beta2", 0.95),
            ("total_episodes", 256_000),
            ("rollout_batch_size", 512),
            ("batch_size", 64),
            ("ppo_epochs", 1),
            ("clip_range", 0.2),
            ("gamma", 1),
            ("kl_coefficient", 0.02),
            ("kl_controller", KlController.Fixed),
            ("ptx_coefficient", 27.8),
            ("ptx_texts", 8),
            ("ema_decay", 0.992),
            ("value_network", ValueNetwork.RewardModel),
            ("temperature", 1),
            ("max_new_tokens", 1024),
        ],
        // huggingface/trl, ppo_config.py of July 2026.
        ["ppo trl"] =
        [
            .. OpenAi2019Losses,
            ("learning_rate", 3e-6),
            ("adam_style", AdamStyle.Torch),
            ("adam_epsilon", 1e-8),
            ("kl_coefficient", 0.05),
            ("kl_controller", KlController.Fixed),
            ("temperature", 0.7),
            ("max_new_tokens", 53),
            ("whiten_rewards", false),
            ("advantage_whitening", AdvantageWhitening.Batch),
            ("value_network", ValueNetwork.RewardModel),
            ("missing_eos_penalty", 0),
        ],
        // Shao et al. 2024, section 4.2.
        ["grpo deepseekmath-2024"] =
        [
            ("learning_rate", 1e-6),
            ("num_generations", 64),
            ("num_iterations", 1),
            ("rollout_batch_size", 1024),
            ("batch_size", 1024),
            ("kl_coefficient", 0.04),
            ("kl_estimator", KlEstimator.K3),
            ("max_new_tokens", 1024),
            ("scale_rewards", RewardScaling.Group),
            ("loss_normalization", LossNormalization.Sequence),
        ],
        // sail-sg/understand-r1-zero, examples/qwen2.5-math-7b.sh: 128 prompts with 8 answers each.
        ["grpo dr-grpo-2025"] =
        [
            ("learning_rate", 1e-6),
            ("schedule", ScheduleKind.Constant),
            ("num_generations", 8),
            ("num_iterations", 1),
            ("rollout_batch_size", 128 * 8),
            ("batch_size", 128),
            ("kl_coefficient", 0),
            ("temperature", 1),
            ("max_new_tokens", 3000),
            ("scale_rewards", RewardScaling.None),
            ("loss_normalization", LossNormalization.Constant),
        ],
        // verl, recipe/dapo/run_dapo_qwen2.5_32b.sh: 512 prompts with 16 answers each, minibatches of 32 prompts.
        ["grpo dapo-2025"] =
        [
            ("max_resampling", 9),
            ("overlong_buffer", 4096),
            ("overlong_penalty", 1),
            ("learning_rate", 1e-6),
            ("schedule", ScheduleKind.Constant),
            ("weight_decay", 0.1),
            ("max_grad_norm", 1),
            ("num_generations", 16),
            ("num_iterations", 1),
            ("rollout_batch_size", 512 * 16),
            ("batch_size", 32 * 16),
            ("clip_range", 0.2),
            ("clip_range_high", 0.28),
            ("kl_coefficient", 0),
            ("temperature", 1),
            ("max_new_tokens", 20 * 1024),
            ("scale_rewards", RewardScaling.Group),
            ("loss_normalization", LossNormalization.Token),
        ],
        // huggingface/trl, grpo_config.py and rloo_config.py of July 2026.
        ["grpo trl"] =
        [
            ("sample_deviation", true),
            ("learning_rate", 1e-6),
            ("schedule", ScheduleKind.Linear),
            ("num_generations", 8),
            ("num_iterations", 1),
            ("clip_range", 0.2),
            ("kl_coefficient", 0),
            ("temperature", 1),
            ("max_new_tokens", 256),
            ("scale_rewards", RewardScaling.Group),
            ("loss_normalization", LossNormalization.Token),
        ],
        ["rloo trl"] =
        [
            ("sample_deviation", true),
            ("learning_rate", 1e-6),
            ("schedule", ScheduleKind.Linear),
            ("num_generations", 2),
            ("num_iterations", 1),
            ("clip_range", 0.2),
            ("kl_coefficient", 0.05),
            ("temperature", 1),
            ("max_new_tokens", 256),
            ("normalize_advantages", false),
        ],
    };

    public static TheoryData<string, string> Presets()
    {
        string[] methods = ["ppo", "rloo", "grpo"];
        return [.. methods.SelectMany(m => MethodRegistry.Find(m)!.Presets.Select(p => new TheoryDataRow<string, string>(m, p.Name)))];
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_preset_states_every_number_of_its_source(string method, string name)
    {
        var preset = MethodRegistry.Find(method)!.Presets.Single(p => p.Name == name);
        foreach (var (key, value) in Sources[$"{method} {name}"])
        {
            Assert.True(preset.Keys.Contains(key), $"{method} {name} inherits {key}");
            Assert.True(Same(value, preset[key]), $"{method} {name}: {key} is {preset[key]}, its source says {value}");
        }
    }

    [Theory]
    [InlineData("ppo", "instructgpt-2022", "begins at a tenth of the peak")]
    [InlineData("grpo", "dapo-2025", "warm-up")]
    public void What_Attune_cannot_do_is_said(string method, string name, string words) =>
        Assert.Contains(words, MethodRegistry.Find(method)!.Presets.Single(p => p.Name == name).Unlike, StringComparison.Ordinal);

    private static bool Same(object expected, object found) =>
        expected is int or double
            ? Convert
                .ToDouble(expected, System.Globalization.CultureInfo.InvariantCulture)
                .Equals(Convert.ToDouble(found, System.Globalization.CultureInfo.InvariantCulture))
            : expected.Equals(found);
}
