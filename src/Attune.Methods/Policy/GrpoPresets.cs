using Attune.Core;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>GRPO with the numbers of the papers. Sizes of batches and runs are theirs too: override them on small machines.</summary>
public static class GrpoPresets
{
    public static IReadOnlyList<string> Names { get; } = ["deepseekmath-2024", "dr-grpo-2025", "dapo-2025", "trl"];

    /// <exception cref="ConfigurationException">No preset has this name.</exception>
    public static GrpoOptions Named(string name) =>
        name switch
        {
            "deepseekmath-2024" => DeepSeekMath2024,
            "dr-grpo-2025" => DrGrpo2025,
            "dapo-2025" => Dapo2025,
            "trl" => Trl,
            _ => throw new ConfigurationException(
                $"preset '{name}' is not known; there are {string.Join(", ", Names)}.{Suggestion.For(name, Names)}"
            ),
        };

    /// <summary>
    /// Shao et al. 2024, section 4.2: 64 answers a question, batches of 1024, one update after each, learning rate 1e-6, KL coefficient
    /// 0.04, answers of at most 1024 tokens.
    /// </summary>
    public static GrpoOptions DeepSeekMath2024 { get; } =
        new()
        {
            LearningRate = 1e-6,
            Schedule = ScheduleKind.Constant,
            NumGenerations = 64,
            RolloutBatchSize = 1024,
            BatchSize = 1024,
            KlCoefficient = 0.04,
            MaxNewTokens = 1024,
        };

    /// <summary>Liu et al. 2025 (arXiv:2503.20783): no division by the deviation, none by the length, no KL term.</summary>
    public static GrpoOptions DrGrpo2025 { get; } =
        new()
        {
            Schedule = ScheduleKind.Constant,
            NumGenerations = 8,
            KlCoefficient = 0,
            ScaleRewards = RewardScaling.None,
            LossNormalization = LossNormalization.Constant,
        };

    /// <summary>Yu et al. 2025 (arXiv:2503.14476): mean over tokens, the upper clip at 0.28, 16 answers a prompt, no KL term.</summary>
    public static GrpoOptions Dapo2025 { get; } =
        new()
        {
            Schedule = ScheduleKind.Constant,
            NumGenerations = 16,
            ClipRangeHigh = 0.28,
            KlCoefficient = 0,
            LossNormalization = LossNormalization.Token,
        };

    /// <summary>TRL's trainer (July 2026): no KL term, mean over tokens, 8 answers a prompt.</summary>
    public static GrpoOptions Trl { get; } =
        new()
        {
            NumGenerations = 8,
            KlCoefficient = 0,
            MaxNewTokens = 256,
            LossNormalization = LossNormalization.Token,
        };
}
