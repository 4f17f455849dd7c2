using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Models.Architecture;

namespace Attune.Methods.Tests.Policy;

public sealed class PpoOptimumTests
{
    private const double Beta = 0.25;

    [Fact]
    public async Task PPO_approaches_the_best_policy_there_is()
    {
        using var language = new CountableLanguage();
        Assert.Equal(21, language.Start.Length);
        Assert.Equal(1, language.Start.Sum(), 1e-5);
        await Train(language, Beta);
        language.IsNearTheBest(Beta);
    }

    [Fact]
    public async Task Without_a_penalty_it_settles_on_one_of_the_best_answers()
    {
        using var language = new CountableLanguage();
        await Train(language, beta: 0);
        var probabilities = language.Now;
        Assert.True(probabilities.Max() > 0.8, $"the favourite has probability {probabilities.Max():f3}");
        // Not always the very best: a sampled gradient cannot tell the last few hundredths once it has stopped exploring.
        Assert.True(language.Rewards[Array.IndexOf(probabilities, probabilities.Max())] > language.Rewards.Max() - 0.05);
    }

    private static async Task Train(CountableLanguage language, double beta)
    {
        var options = new PpoOptions
        {
            Kl = new() { KlCoefficient = beta },
            Rollouts = new() { TotalEpisodes = 128 * 60, RolloutBatchSize = 128 },
            PpoEpochs = 2,
            ValueCoefficient = 0.5,
            Sampling = new() { Temperature = 1, MaxNewTokens = 2 },
            Lambda = 1,
            AdvantageWhitening = AdvantageWhitening.Batch,
            ValueNetwork = ValueNetwork.Policy,
            Training = new PpoOptions().Training with { BatchSize = 64, LearningRate = 3e-3, MaxGradNorm = 1 },
        };
        using var critic = new ScalarModel(language.Policy, new Seed(1));
        var value = new ValueFunction.Separate(critic);
        await CountableLanguage.TrainAsync(
            new Ppo.Objective(options, language.Policy, value),
            new Ppo.Experience(options, language.Parts) { Value = value },
            options
        );
    }
}
