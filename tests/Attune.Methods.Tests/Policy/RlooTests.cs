using Attune.Core;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training.Batches;
using CsCheck;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

public sealed class RlooTests
{
    internal static RlooOptions Small { get; } =
        new()
        {
            Rollouts = new() { TotalEpisodes = 32, RolloutBatchSize = 16 },
            Group = new() { NumGenerations = 4, NumIterations = 2 },
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new RlooOptions().Training with { BatchSize = 8, LearningRate = 3e-3 },
        };

    [Fact]
    public void Advantages_equal_the_values_worked_out_by_hand()
    {
        // Means of the others: (0 + .5 + 2) / 3 = .833333, (1 + .5 + 2) / 3 = 1.166667, (1 + 0 + 2) / 3 = 1, (1 + 0 + .5) / 3 = .5
        Assert.Equal([1.0 / 6, -7.0 / 6, -0.5, 1.5], Rloo.Advantages([1, 0, 0.5, 2]), Near);
        Assert.Equal([3, -3], Rloo.Advantages([4, 1]), Near);
    }

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // Ratios e^.1 = 1.105171, e^.5 = 1.648721 cut to 1.2, e^-.5 = .606531; the clip never lowers a loss.
        var loss = Surrogate.Clipped(
            tensor(new[] { -3.9, -2.0, -5.0 }),
            tensor(new[] { -4.0, -2.5, -4.5 }),
            tensor(new[] { 1.5, 2.0, -1.0 }),
            new ClipOptions()
        );
        Assert.Equal([-1.657756, -2.4, 0.8], loss.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        FiniteDifferences.Agree(
            point =>
                Surrogate
                    .Clipped(
                        point,
                        tensor(new[] { -4.05, -2.6, -4.5, -3.0 }),
                        tensor(new[] { 1.5, 2.0, -1.0, -0.3 }),
                        new ClipOptions { ClipRangeHigh = 0.3 }
                    )
                    .sum(),
            [-4.0, -2.5, -4.4, -2.5]
        );

    [Fact]
    public void Law_advantages_of_a_prompt_sum_to_0_and_no_constant_changes_them() =>
        Gen.Select(Gen.Double[-5, 5].Array[2, 9], Gen.Double[-10, 10])
            .Sample(
                (rewards, constant) =>
                {
                    var advantages = Rloo.Advantages(rewards);
                    Assert.Equal(0, advantages.Sum(), 1e-9);
                    Assert.Equal(advantages, Rloo.Advantages([.. rewards.Select(r => r + constant)]), Near);
                    // The same as the group's mean as a baseline, times K / (K - 1).
                    var k = (double)rewards.Length;
                    Assert.Equal(advantages, rewards.Select(r => (r - rewards.Average()) * k / (k - 1)), Near);
                }
            );

    [Fact]
    public async Task Law_on_the_weights_that_sampled_the_gradient_is_the_plain_policy_gradient()
    {
        using var scope = NewDisposeScope();
        using var tiny = new TinyRollouts(Small);
        var items = (await new Rloo.Experience(Small, tiny.Parts).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!.Updates[
            0
        ];
        var gradients = tiny.Policy.Weights.AttachGradients();
        new Rloo.Objective(Small, tiny.Policy).Evaluate(items).SummedLoss.backward();
        var found = TinyModels.Values(gradients);
        gradients.zero_();

        var batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
        var logProbs = Numerics.LogProbs.OfTokens(
            AnswerLogProbs.Logits(tiny.Policy, AnswerLogProbs.Hidden(tiny.Policy, batch), Small.Sampling.Temperature),
            batch.Targets
        );
        var weights = tensor(items.SelectMany(i => Enumerable.Repeat((float)i.Advantage, i.OldLogProbs.Length)).ToArray());
        (-weights * logProbs).sum().backward();
        Assert.All(
            found.Zip(TinyModels.Values(gradients)),
            pair => Assert.Equal(pair.Second, pair.First, 1e-3 * Math.Max(1, Math.Abs(pair.Second)))
        );
        Assert.Contains(found, g => Math.Abs(g) > 0.01);
    }

    [Fact]
    public async Task Answers_to_a_prompt_stand_together_and_their_rewards_hold_score_and_penalty()
    {
        using var tiny = new TinyRollouts(Small);
        using (no_grad())
        {
            tiny.Policy.Weights.Values.mul_(1.1f);
        }

        var options = Small with { Group = Small.Group with { NumIterations = 1 }, Kl = Small.Kl with { KlCoefficient = 0.3 } };
        var round = (await new Rloo.Experience(options, tiny.Parts).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!;
        var items = round.Updates.SelectMany(u => u).ToArray();
        Assert.Equal((16, 4), (items.Length, items.Select(i => string.Join(' ', i.Sequence.Prompt.ToArray())).Distinct().Count()));
        foreach (var group in items.GroupBy(i => string.Join(' ', i.Sequence.Prompt.ToArray())))
        {
            var rewards = group
                .Select(i =>
                    (double)TinyData.EvenTokens(i.Sequence) / i.Sequence.AnswerLength
                    - 0.3 * i.OldLogProbs.Zip(i.Reference, (p, q) => (double)p - q).Sum()
                )
                .ToArray();
            Assert.Equal(Rloo.Advantages(rewards), group.Select(i => i.Advantage), (a, b) => Math.Abs(a - b) < 1e-5);
        }

        Assert.True(Math.Abs(round.Measured["objective/kl"]) > 1e-3);
        Assert.True(round.Measured["reward_std"] > 0.05);
    }

    [Fact]
    public void A_trainer_at_another_temperature_than_the_rollouts_is_noticed()
    {
        using var scope = NewDisposeScope();
        using var tiny = new TinyRollouts(Small);
        var sequence = TinyData.Sequences(1, 4)[0];
        var item = new GroupItem(
            sequence,
            [.. AnswerLogProbs.Of(tiny.Policy, [sequence], 0.9)[0]],
            [.. new float[sequence.AnswerLength]],
            1,
            0.1
        )
        {
            Unchanged = true,
        };
        new Rloo.Objective(Small, tiny.Policy).Evaluate([item]);
        Assert.Throws<InvariantException>(() =>
            new Rloo.Objective(Small with { Sampling = Small.Sampling with { Temperature = 1.5 } }, tiny.Policy).Evaluate([item])
        );
    }

    [Fact]
    public async Task RLOO_approaches_the_best_policy_there_is()
    {
        using var language = new CountableLanguage();
        var options = new RlooOptions
        {
            Kl = new() { KlCoefficient = 0.25 },
            Rollouts = new() { TotalEpisodes = 128 * 60, RolloutBatchSize = 128 },
            Group = new() { NumGenerations = 8, NumIterations = 2 },
            Sampling = new() { MaxNewTokens = 2 },
            Training = new RlooOptions().Training with { BatchSize = 128, LearningRate = 3e-3 },
        };
        await CountableLanguage.TrainAsync(
            new Rloo.Objective(options, language.Policy),
            new Rloo.Experience(options, language.Parts),
            options
        );
        language.IsNearTheBest(0.25);
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-9;
}
