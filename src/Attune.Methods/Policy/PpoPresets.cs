using Attune.Core;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>PPO with the numbers of the papers. Sizes of batches and runs are theirs too: override them on small machines.</summary>
public static class PpoPresets
{
    public static IReadOnlyList<string> Names { get; } = ["ziegler-2019", "stiennon-2020", "instructgpt-2022", "trl"];

    /// <exception cref="ConfigurationException">No preset has this name.</exception>
    public static PpoOptions Named(string name) =>
        name switch
        {
            "ziegler-2019" => Ziegler2019,
            "stiennon-2020" => Stiennon2020,
            "instructgpt-2022" => InstructGpt2022,
            "trl" => Trl,
            _ => throw new ConfigurationException(
                $"preset '{name}' is not known; there are {string.Join(", ", Names)}.{Suggestion.For(name, Names)}"
            ),
        };

    /// <summary>Ziegler et al. 2019, from OpenAI's released code: adaptive KL, shared trunk, TensorFlow's Adam, rewards whitened.</summary>
    public static PpoOptions Ziegler2019 { get; } =
        new()
        {
            LearningRate = 1e-5,
            AdamStyle = AdamStyle.TensorFlow,
            AdamEpsilon = 1e-5,
            TotalEpisodes = 1_000_000,
            RolloutBatchSize = 512,
            BatchSize = 512,
            KlCoefficient = 0.15,
            KlController = KlController.Adaptive,
            KlTarget = 6,
            KlHorizon = 10_000,
            Temperature = 0.7,
            MaxNewTokens = 24,
            WhitenRewards = true,
            AdvantageWhitening = AdvantageWhitening.Minibatch,
            ValueNetwork = ValueNetwork.SharedTrunk,
            MissingEosScore = -1,
        };

    /// <summary>
    /// Stiennon et al. 2020 as reproduced by Huang et al. 2024: fixed KL, critic from the reward model, -1 without end token.
    /// </summary>
    public static PpoOptions Stiennon2020 { get; } =
        new()
        {
            LearningRate = 3e-6,
            AdamEpsilon = 1e-5,
            TotalEpisodes = 1_000_000,
            RolloutBatchSize = 512,
            BatchSize = 512,
            KlCoefficient = 0.05,
            Temperature = 0.7,
            MaxNewTokens = 53,
            MissingEosScore = -1,
        };

    /// <summary>
    /// Ouyang et al. 2022, appendix C.4: 256k episodes, batches of 512 in minibatches of 64, one inner epoch, beta 0.02, ptx coefficient
    /// 27.8, ten iterations of warm-up, critic from the reward model, temperature 1. The paper chose the policy's learning rate by a scan
    /// for each size; 9e-6 is its value function's.
    /// </summary>
    public static PpoOptions InstructGpt2022 { get; } =
        new()
        {
            LearningRate = 9e-6,
            Schedule = ScheduleKind.Constant,
            WarmupRatio = 0.02,
            AdamBeta2 = 0.95,
            TotalEpisodes = 256_000,
            RolloutBatchSize = 512,
            BatchSize = 64,
            PpoEpochs = 1,
            KlCoefficient = 0.02,
            PtxCoefficient = 27.8,
            Temperature = 1,
            MaxNewTokens = 1024,
        };

    /// <summary>
    /// TRL's last PPO trainer (July 2026): Stiennon's numbers with PyTorch's Adam and no penalty for a missing end token.
    /// </summary>
    public static PpoOptions Trl { get; } =
        new()
        {
            Temperature = 0.7,
            MaxNewTokens = 53,
            RolloutBatchSize = 64,
            BatchSize = 64,
        };
}
