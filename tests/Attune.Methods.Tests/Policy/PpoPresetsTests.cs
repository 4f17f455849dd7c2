using Attune.Core;
using Attune.Methods.Policy;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Policy;

/// <summary>The presets against the papers' tables and their authors' code.</summary>
public sealed class PpoPresetsTests
{
    [Fact]
    public void Ziegler_2019()
    {
        // openai/lm-human-preferences, launch.py and train_policy.py.
        var preset = Named("ziegler-2019");
        Assert.Equal(
            (1e-5, 1_000_000, 512, 4),
            (preset.Training.LearningRate, preset.Rollouts.TotalEpisodes, preset.Rollouts.RolloutBatchSize, preset.PpoEpochs)
        );
        Assert.Equal(
            (AdamStyle.TensorFlow, 1e-5, ScheduleKind.Linear),
            (preset.Training.AdamStyle, preset.Training.AdamEpsilon, preset.Training.Schedule)
        );
        Assert.Equal(
            (0.15, KlController.Adaptive, 6.0, 10_000.0),
            (preset.Kl.KlCoefficient, preset.Kl.KlController, preset.Kl.KlTarget, preset.Kl.KlHorizon)
        );
        Assert.Equal(
            (0.2, 0.2, 0.1, 1.0, 0.95),
            (preset.Clip.ClipRange, preset.ValueClipRange, preset.ValueCoefficient, preset.Gamma, preset.Lambda)
        );
        Assert.Equal(
            (0.7, 24, true, AdvantageWhitening.Minibatch),
            (preset.Sampling.Temperature, preset.Sampling.MaxNewTokens, preset.WhitenRewards, preset.AdvantageWhitening)
        );
        Assert.Equal((ValueNetwork.SharedTrunk, -1.0), (preset.ValueNetwork, preset.Scores.MissingEosScore));
        // One minibatch an epoch.
        Assert.Equal((1954L, 4L), (preset.Rollouts.Rounds, preset.UpdatesPerRound));
    }

    [Fact]
    public void Stiennon_2020()
    {
        // vwxyzjn/summarize_from_feedback_details, ppo.py.
        var preset = Named("stiennon-2020");
        Assert.Equal(
            (3e-6, 1_000_000, 512, 4),
            (preset.Training.LearningRate, preset.Rollouts.TotalEpisodes, preset.Rollouts.RolloutBatchSize, preset.PpoEpochs)
        );
        Assert.Equal(
            (AdamStyle.Torch, 1e-5, ScheduleKind.Linear),
            (preset.Training.AdamStyle, preset.Training.AdamEpsilon, preset.Training.Schedule)
        );
        Assert.Equal((0.05, KlController.Fixed, KlEstimator.K1), (preset.Kl.KlCoefficient, preset.Kl.KlController, preset.Kl.KlEstimator));
        Assert.Equal(
            (0.2, 0.2, 0.1, 1.0, 0.95),
            (preset.Clip.ClipRange, preset.ValueClipRange, preset.ValueCoefficient, preset.Gamma, preset.Lambda)
        );
        Assert.Equal(
            (0.7, 53, false, AdvantageWhitening.Batch),
            (preset.Sampling.Temperature, preset.Sampling.MaxNewTokens, preset.WhitenRewards, preset.AdvantageWhitening)
        );
        Assert.Equal((ValueNetwork.RewardModel, -1.0), (preset.ValueNetwork, preset.Scores.MissingEosScore));
    }

    [Fact]
    public void InstructGpt_2022()
    {
        // Ouyang et al. 2022, appendix C.4.
        var preset = Named("instructgpt-2022");
        Assert.Equal(
            (256_000, 512, 64, 1),
            (preset.Rollouts.TotalEpisodes, preset.Rollouts.RolloutBatchSize, preset.Training.BatchSize, preset.PpoEpochs)
        );
        Assert.Equal(
            (0.02, 27.8, 1.0, 0.2),
            (preset.Kl.KlCoefficient, preset.PtxCoefficient, preset.Sampling.Temperature, preset.Clip.ClipRange)
        );
        Assert.Equal((8, 0.992), (preset.PtxTexts, preset.Training.EmaDecay));
        Assert.Equal((0.9, 0.95, ScheduleKind.Constant), (preset.Training.AdamBeta1, preset.Training.AdamBeta2, preset.Training.Schedule));
        // "Ten iterations" of warm-up: of 500 rounds with 8 updates each.
        Assert.Equal(10 * preset.UpdatesPerRound, preset.Training.WarmupRatio * preset.Rollouts.Rounds * preset.UpdatesPerRound, 1e-9);
    }

    [Fact]
    public void Trl()
    {
        // huggingface/trl, ppo_config.py of July 2026.
        var preset = Named("trl");
        Assert.Equal(
            (3e-6, 0.05, 4, 0.7, 53),
            (
                preset.Training.LearningRate,
                preset.Kl.KlCoefficient,
                preset.PpoEpochs,
                preset.Sampling.Temperature,
                preset.Sampling.MaxNewTokens
            )
        );
        Assert.Equal((AdamStyle.Torch, 1e-8, 0.0), (preset.Training.AdamStyle, preset.Training.AdamEpsilon, preset.Training.MaxGradNorm));
        Assert.Equal((0.0, null), (preset.Scores.MissingEosPenalty, preset.Scores.MissingEosScore));
    }

    [Fact]
    public void Every_name_has_its_preset_and_a_wrong_one_the_nearest_offered()
    {
        Assert.All(PpoOptions.Presets, preset => Assert.NotNull(Named(preset.Name)));
        Assert.Contains(
            "Did you mean 'ziegler-2019'?",
            Assert.Throws<ConfigurationException>(() => Named("zieglr-2019")).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(10, 4, 3, 2, 3, 4)] // 3 rounds of 4; 2 epochs of ceil(4 / 3) = 2 updates
    [InlineData(8, 4, 8, 1, 2, 1)]
    public void Rounds_and_updates_are_counted_up(int episodes, int rollouts, int batch, int epochs, long rounds, long updates)
    {
        var options = new PpoOptions
        {
            Rollouts = new() { TotalEpisodes = episodes, RolloutBatchSize = rollouts },
            PpoEpochs = epochs,
            Training = new PpoOptions().Training with { BatchSize = batch },
        };
        Assert.Equal((rounds, updates), (options.Rollouts.Rounds, options.UpdatesPerRound));
    }

    private static PpoOptions Named(string name) => (PpoOptions)MethodRegistry.Preset(typeof(PpoOptions), name)!;
}
