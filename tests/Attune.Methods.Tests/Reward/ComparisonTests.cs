using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class ComparisonTests
{
    [Fact]
    public void Losses_equal_the_values_worked_out_by_hand()
    {
        // Rewards 1 and 0: -log sigma(1) = .313262, -log sigma(-1) = 1.313262.
        Assert.Equal(0.313262, Loss(new(), 1), 1e-6);
        Assert.Equal(0.513262, Loss(new(), 0.8), 1e-6); // .8 * .313262 + .2 * 1.313262
        Assert.Equal(1.313262, Loss(new(), 0), 1e-6);
        Assert.Equal(0.413262, Loss(new() { LabelSmoothing = 0.1 }, 1), 1e-6);
        // A tenth by chance: .05 + .9 * .731059 = .707953, of which -log is .345378.
        Assert.Equal(0.345378, Loss(new() { RandomJudgements = 0.1 }, 1), 1e-6);
        // A tie under Davidson with nu = 1: D = e^.5 + e^-.5 + 1 = 3.255252, log D = 1.180270. A win: log D - .5.
        Assert.Equal(1.180270, Loss(new() { Ties = TieModel.Davidson }, 0.5, ties: 1 / 3.0), 1e-6);
        Assert.Equal(0.680270, Loss(new() { Ties = TieModel.Davidson }, 1, ties: 1 / 3.0), 1e-6);
    }

    [Fact]
    public void Centering_equals_the_values_worked_out_by_hand()
    {
        Assert.Equal(9, Centered(1, 2), 1e-9);
        Assert.Equal((9 + 1 + 0) / 3.0, Centered(1, 2, -2), 1e-9); // (1 + 2)^2, (1 - 2)^2, (2 - 2)^2
    }

    [Fact]
    public void Law_a_centered_ranking_is_the_mean_of_its_pairs() =>
        Gen.Double[-3, 3]
            .Array[2, 6]
            .Sample(rewards =>
            {
                var pairs = rewards.SelectMany((a, i) => rewards.Skip(i + 1).Select(b => Centered(a, b)));
                Assert.Equal(pairs.Average(), Centered(rewards), 1e-9);
            });

    [Fact]
    public void Margins_of_a_ranking_grow_with_the_ranks_between()
    {
        using var scope = NewDisposeScope();
        // r = (2, 1, 0) ranked so, half a point a rank: two pairs at 1 - .5, one at 2 - 1: (2 * .474077 + .313262) / 3
        var comparison = Comparison.Of(new() { RankMargin = 0.5 }, 0);
        Assert.Equal(0.420472, RankingPairs.Loss(tensor([2.0, 1, 0]), [1, 2, 3], comparison).ToDouble(), 1e-6);
    }

    [Fact]
    public void Ties_of_a_ranking_are_an_outcome_where_they_are_modelled()
    {
        using var scope = NewDisposeScope();
        // r = (1, 0, 0), ranks (1, 2, 2): two wins of .680270 and a tie at 0, log 3 = 1.098612.
        var comparison = Comparison.Of(new() { Ties = TieModel.Davidson }, 1 / 3.0);
        Assert.Equal((2 * 0.680270 + 1.098612) / 3, RankingPairs.Loss(tensor([1.0, 0, 0]), [1, 2, 2], comparison).ToDouble(), 1e-6);
    }

    [Fact]
    public void Golden_judgements_by_chance_are_those_of_imitation()
    {
        var cases = JsonDocument
            .Parse(File.ReadAllText(SharedData.Require("golden/control/parts.json")))
            .RootElement.GetProperty("preference");
        foreach (var one in cases.EnumerateArray().Where(c => c.GetProperty("threshold").GetDouble() >= 50))
        {
            var (noise, discount) = (one.GetProperty("noise_prob").GetDouble(), one.GetProperty("discount").GetDouble());
            foreach (var pair in one.GetProperty("pairs").EnumerateArray())
            {
                double Return(string name) =>
                    pair.GetProperty(name).EnumerateArray().Select((r, t) => Math.Pow(discount, t) * r.GetDouble()).Sum();
                var loss = Loss(
                    new() { RandomJudgements = noise },
                    pair.GetProperty("label").GetDouble(),
                    Return("rewards1"),
                    Return("rewards2")
                );
                var expected = pair.GetProperty("loss").GetDouble();
                // Beyond this imitation's probabilities have too few digits left for a logarithm.
                Assert.True(expected > 15 || Math.Abs(loss - expected) < 1e-5 * Math.Max(1, expected), $"{loss}, expected {expected}");
            }
        }
    }

    [Theory]
    [InlineData(RewardLoss.Classification, "center_rewards_coefficient")]
    [InlineData(RewardLoss.Choice, "ties")]
    [InlineData(RewardLoss.BradleyTerry, "rank_margin")]
    public void An_option_that_means_nothing_to_the_loss_is_refused(RewardLoss loss, string option)
    {
        var options = new RewardOptions
        {
            Loss = loss,
            Comparison = new()
            {
                CenterRewardsCoefficient = option[0] == 'c' ? 0.01 : 0,
                RankMargin = option[0] == 'r' ? 1 : 0,
                Ties = option[0] == 't' ? TieModel.Davidson : TieModel.Ignore,
            },
        };
        var problem = Assert.Single(options.Validate(new ValidationContext(options)));
        Assert.StartsWith(option, problem.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TieModel.Davidson)]
    [InlineData(TieModel.RaoKupper)]
    public async Task Learns_a_tiny_task_with_ties(TieModel ties)
    {
        var pairs = TinyTask.Pairs(8);
        TokenPair[] labels = [.. pairs, new TokenPair(pairs[0].Chosen, pairs[1].Chosen) { Probability = 0.5 }];
        await TinyTask.Learns<TokenPair>(
            model => new BradleyTerry.Objective(model, new() { Ties = ties }, ties: 1 / 9.0),
            [.. labels],
            "accuracy",
            atLeast: 1,
            lossBelow: 0.5
        );
    }

    private static double Loss(ComparisonOptions options, double probability, double first = 1, double second = 0, double ties = 0)
    {
        using var scope = NewDisposeScope();
        return Comparison.Of(options, ties).Loss(tensor([first]), tensor([second]), tensor([0.0]), [probability]).ToDouble();
    }

    private static double Centered(params double[] rewards)
    {
        using var scope = NewDisposeScope();
        return Centering.Loss(tensor(rewards)).ToDouble();
    }
}
