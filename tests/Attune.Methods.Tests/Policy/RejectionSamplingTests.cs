using System.ComponentModel.DataAnnotations;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Supervised;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;

namespace Attune.Methods.Tests.Policy;

public sealed class RejectionSamplingTests
{
    internal static RejectionSamplingOptions Small { get; } =
        new()
        {
            Rollouts = new() { TotalEpisodes = 64, RolloutBatchSize = 32 },
            NumGenerations = 4,
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new RejectionSamplingOptions().Training with { BatchSize = 4, LearningRate = 3e-3 },
        };

    [Fact]
    public void The_best_come_first_and_of_equal_ones_the_first_drawn()
    {
        Assert.Equal([3, 0], RejectionSampling.Best([1, 0, 1, 2], 2));
        Assert.Equal([0, 1, 2], RejectionSampling.Best([5, 5, 5], 3));
    }

    /// <summary>Of 32 answers, above .7, .7833, .8667 and .95: 9.6, 6.9, 4.3 and 1.6.</summary>
    [Fact]
    public void A_rising_percentile_keeps_fewer_and_fewer()
    {
        var options = new RejectionSamplingOptions
        {
            Selection = AnswerSelection.Percentile,
            NumGenerations = 32,
            Rollouts = new() { RolloutBatchSize = 320 },
            Training = new RejectionSamplingOptions().Training with { BatchSize = 40 },
        };
        Assert.Equal([10, 7, 4, 2], options.Kept);
        // 100, 70, 40 and 20 answers in updates of 40.
        Assert.Equal(3 + 2 + 1 + 1, options.UpdatesPerRound);
        Assert.Equal([1], (options with { ImproveSteps = 1, StartPercentile = 1, EndPercentile = 1 }).Kept);
    }

    [Fact]
    public void Law_what_is_kept_is_never_worse_than_what_is_not() =>
        Gen.Select(Gen.Double[-5, 5].Array[2, 12], Gen.Int[1, 12])
            .Sample(
                (scores, keep) =>
                {
                    var kept = RejectionSampling.Best(scores, keep);
                    Assert.Equal(Math.Min(keep, scores.Length), kept.Distinct().Count());
                    Assert.True(
                        kept.Min(i => scores[i])
                            >= Enumerable
                                .Range(0, scores.Length)
                                .Except(kept)
                                .Select(i => scores[i])
                                .DefaultIfEmpty(double.NegativeInfinity)
                                .Max()
                    );
                }
            );

    [Fact]
    public async Task A_round_holds_the_best_answer_to_each_prompt_in_as_many_updates_as_planned()
    {
        using var tiny = new TinyRollouts(Small);
        var experience = new RejectionSampling.Experience(Small with { Keep = 2 }, tiny.Parts);
        var round = (await experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!;
        Assert.Equal(experience.PlannedUpdates, 2 * round.Updates.Count);
        var kept = round.Updates.SelectMany(u => u).Select(r => Assert.Single(r.Segments)).ToArray();
        Assert.Equal(16, kept.Length);
        Assert.All(kept.GroupBy(s => string.Join(' ', s.Prompt.ToArray())), prompt => Assert.Equal(0, prompt.Count() % 2));
        Assert.Equal(kept.Average(s => (double)TinyData.EvenTokens(s) / s.AnswerLength), round.Measured["objective/kept_scores"], 1e-9);
        Assert.True(round.Measured["objective/kept_scores"] > round.Measured["objective/scores"] + 0.1);
        Assert.Equal(0.5, round.Measured["objective/kept_share"]);
    }

    [Fact]
    public void What_cannot_work_is_said()
    {
        string[] Problems(RejectionSamplingOptions options) =>
            [.. options.Validate(new ValidationContext(options)).Select(p => p.ErrorMessage!)];
        Assert.Empty(Problems(Small));
        Assert.Contains("nothing is rejected", Assert.Single(Problems(Small with { Keep = 4 })), StringComparison.Ordinal);
        Assert.Contains("expected a multiple", Assert.Single(Problems(Small with { NumGenerations = 5 })), StringComparison.Ordinal);
        Assert.Contains("expected a rising one", Assert.Single(Problems(Small with { StartPercentile = 0.99 })), StringComparison.Ordinal);
    }

    /// <summary>Each round draws the policy towards best-of-4 of the round before: the reward climbs, here nearly to the top.</summary>
    [Fact]
    public async Task Imitating_its_own_best_answers_raises_the_reward()
    {
        using var language = new CountableLanguage();
        var options = new RejectionSamplingOptions
        {
            Rollouts = new() { TotalEpisodes = 256 * 12, RolloutBatchSize = 256 },
            NumGenerations = 4,
            NumIterations = 2,
            Sampling = new() { MaxNewTokens = 2 },
            Training = new RejectionSamplingOptions().Training with { BatchSize = 32, LearningRate = 3e-3 },
        };
        double Mean(double[] p) => p.Zip(language.Rewards, (a, r) => a * r).Sum();
        var best = Worlds.Exact.BestOfN.Of(language.Start, language.Rewards, 4);
        await CountableLanguage.TrainAsync(
            new Sft.Objective(language.Policy),
            new RejectionSampling.Experience(options, language.Parts),
            options
        );
        Assert.True(
            Mean(language.Now) > Mean(best),
            $"{Mean(language.Start):f3} became {Mean(language.Now):f3}; best-of-4 of the start has {Mean(best):f3}"
        );
    }
}
