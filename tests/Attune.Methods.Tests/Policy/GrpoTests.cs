using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training.Batches;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

public sealed class GrpoTests
{
    internal static GrpoOptions Small { get; } =
        new()
        {
            Rollouts = new() { TotalEpisodes = 32, RolloutBatchSize = 16 },
            Group = new GrpoOptions().Group with { NumGenerations = 4, NumIterations = 2 },
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new GrpoOptions().Training with { BatchSize = 8, LearningRate = 3e-3 },
        };

    [Fact]
    public void Advantages_equal_the_values_worked_out_by_hand()
    {
        // Mean .875; squares .015625, .765625, .140625, 1.265625, their mean .546875, its root .739510
        Assert.Equal([0.169031, -1.183216, -0.507093, 1.521278], Grpo.Advantages([1, 0, 0.5, 2]), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([0.125, -0.875, -0.375, 1.125], Grpo.Centred([1, 0, 0.5, 2]));
        Assert.Equal([0, 0, 0], Grpo.Advantages([0.1, 0.1, 0.1]), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // Ratio e^.2 = 1.221403, cut to 1.2: -1.5 * 1.2 = -1.8. x = -.9 - -1 = .1: k3 = e^.1 - .1 - 1 = .005170918, k2 = .005.
        var (now, old, reference, advantage) = (
            tensor(new[] { -1.0 }),
            tensor(new[] { -1.2 }),
            tensor(new[] { -0.9 }),
            tensor(new[] { 1.5 })
        );
        Assert.Equal(0.005170918, Grpo.Penalty(now, reference, KlEstimator.K3).ToDouble(), 1e-9);
        Assert.Equal(0.005, Grpo.Penalty(now, reference, KlEstimator.K2).ToDouble(), 1e-9);
        Assert.Equal(
            -1.799793163,
            Grpo.Loss(now, old, advantage, 0.04 * Grpo.Penalty(now, reference, KlEstimator.K3), 0.2, 0.2).ToDouble(),
            1e-9
        );
        Assert.Equal(
            -1.832104137 + 0.000206837,
            Grpo.Loss(now, old, advantage, 0.04 * Grpo.Penalty(now, reference, KlEstimator.K3), 0.2, 0.28).ToDouble(),
            1e-9
        );
    }

    [Theory]
    [InlineData(KlEstimator.K2)]
    [InlineData(KlEstimator.K3)]
    public void Gradient_agrees_with_finite_differences(KlEstimator estimator) =>
        FiniteDifferences.Agree(
            point =>
                Grpo.Loss(
                        point,
                        tensor(new[] { -1.05, -0.6, -1.5, -2.0 }),
                        tensor(new[] { 1.5, 2.0, -1.0, -0.3 }),
                        0.3 * Grpo.Penalty(point, tensor(new[] { -1.2, -0.7, -1.1, -1.6 }), estimator),
                        0.2,
                        0.2
                    )
                    .sum(),
            [-1.0, -0.5, -1.4, -1.5]
        );

    [Fact]
    public void Law_advantages_of_a_group_have_mean_0_and_deviation_1_whatever_the_rewards_unit() =>
        Gen.Select(Gen.Double[-5, 5].Array[3, 9], Gen.Double[0.5, 20], Gen.Double[-10, 10])
            .Where(t => Moments.Of(t.Item1).Variance > 0.1)
            .Sample(
                (rewards, unit, constant) =>
                {
                    var advantages = Grpo.Advantages(rewards);
                    var (mean, variance) = Moments.Of(advantages);
                    Assert.Equal(0, mean, 1e-9);
                    Assert.Equal(1, variance, 1e-6);
                    Assert.Equal(
                        advantages,
                        Grpo.Advantages([.. rewards.Select(r => unit * r + constant)]),
                        (a, b) => Math.Abs(a - b) < 1e-6
                    );
                }
            );

    [Fact]
    public void Law_without_a_penalty_on_the_weights_that_sampled_the_gradient_is_the_plain_policy_gradient() =>
        Gen.Select(Gen.Double[-4, -0.1].Array[5], Gen.Double[-3, 3].Array[5])
            .Sample(
                (logProbs, advantages) =>
                {
                    using var scope = NewDisposeScope();
                    var now = tensor(logProbs, requires_grad: true);
                    Grpo.Loss(now, tensor(logProbs), tensor(advantages), zeros(5, ScalarType.Float64), 0.2, 0.2).sum().backward();
                    Assert.Equal(advantages.Select(a => -a), now.grad!.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-12);
                }
            );

    [Theory]
    [InlineData(LossNormalization.Sequence)]
    [InlineData(LossNormalization.Token)]
    [InlineData(LossNormalization.Constant)]
    public void A_token_counts_as_the_normalisation_says(LossNormalization normalization)
    {
        using var scope = NewDisposeScope();
        using var tiny = new TinyRollouts(Small);
        var sequences = TinyData.Sequences(5, 4);
        var logProbs = AnswerLogProbs.Of(tiny.Policy, sequences, 0.9);
        // Without a penalty and at ratio 1 a token's loss is minus its answer's advantage.
        GroupItem[] items = [.. sequences.Select((s, i) => new GroupItem(s, [.. logProbs[i]], [.. logProbs[i]], i - 1.5, 0))];
        var objective = new Grpo.Objective(Small with { LossNormalization = normalization }, tiny.Policy);
        var mean = objective.Evaluate(items).SummedLoss.ToDouble() / items.Sum(objective.Weight);
        var lengths = sequences.Select(s => (double)s.AnswerLength).ToArray();
        Assert.Equal(
            normalization switch
            {
                LossNormalization.Sequence => items.Average(i => -i.Advantage),
                LossNormalization.Token => items.Zip(lengths, (i, l) => -i.Advantage * l).Sum() / lengths.Sum(),
                _ => items.Zip(lengths, (i, l) => -i.Advantage * l / Small.Sampling.MaxNewTokens).Average(),
            },
            mean,
            1e-5
        );
    }

    [Theory]
    [InlineData(RewardScaling.Group)]
    [InlineData(RewardScaling.Batch)]
    [InlineData(RewardScaling.None)]
    public async Task Rewards_are_scores_alone_scaled_as_asked(RewardScaling scaling)
    {
        using var tiny = new TinyRollouts(Small);
        var options = Small with
        {
            Group = Small.Group with { NumIterations = 1 },
            ScaleRewards = scaling,
            Kl = Small.Kl with { KlCoefficient = 0.5 },
        };
        var items = (await new Grpo.Experience(options, tiny.Parts).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!
            .Updates.SelectMany(u => u)
            .ToArray();
        var groups = items.GroupBy(i => string.Join(' ', i.Sequence.Prompt.ToArray())).ToArray();
        var rewards = groups
            .Select(g => g.Select(i => (double)TinyData.EvenTokens(i.Sequence) / i.Sequence.AnswerLength).ToArray())
            .ToArray();
        double[][] expected = [.. rewards.Select(r => scaling == RewardScaling.Group ? Grpo.Advantages(r) : Grpo.Centred(r))];
        if (scaling == RewardScaling.Batch)
        {
            Moments.StandardizeTogether(expected);
        }

        Assert.Equal(expected.SelectMany(e => e), groups.SelectMany(g => g).Select(i => i.Advantage), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.All(items, i => Assert.Equal(0.5, i.Beta));
    }

    [Fact]
    public void What_cannot_work_is_said()
    {
        string[] Problems(GrpoOptions options) => [.. options.Validate(new ValidationContext(options)).Select(p => p.ErrorMessage!)];
        Assert.Empty(Problems(Small));
        Assert.Contains(
            "expected a multiple",
            Assert.Single(Problems(Small with { Group = Small.Group with { NumGenerations = 5 } })),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "gradient in a loss is 0 on average",
            Assert.Single(Problems(Small with { Kl = Small.Kl with { KlEstimator = KlEstimator.K1 } })),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Did you mean 'dapo-2025'?",
            Assert.Throws<ConfigurationException>(() => Named("dapo-2024")).Message,
            StringComparison.Ordinal
        );
        Assert.All(GrpoOptions.Presets, preset => Assert.Empty(Problems(Named(preset.Name))));
    }

    [Fact]
    public async Task With_k2_and_rewards_in_their_own_unit_GRPO_approaches_the_best_policy_there_is()
    {
        using var language = new CountableLanguage();
        await Train(language, Countable with { Kl = Countable.Kl with { KlEstimator = KlEstimator.K2 } });
        language.IsNearTheBest(Beta);
    }

    /// <summary>
    /// The gradient of k3 is that of beta KL(pi_ref || pi). With answers of one token, E[r] - beta KL(pi_ref || pi) is stationary where
    /// r(y) + beta pi_ref(y) / pi(y) is the same for all y: pi(y) = beta pi_ref(y) / (lambda - r(y)), not pi_ref exp(r / beta) / Z.
    /// </summary>
    [Fact]
    public async Task With_the_papers_k3_it_approaches_another_policy_which_can_be_told()
    {
        using var language = new CountableLanguage(vocabulary: 12, longest: 1);
        await Train(language, Countable with { Sampling = Countable.Sampling with { MaxNewTokens = 1 } });
        double[] At(double lambda) => [.. language.Start.Zip(language.Rewards, (p, r) => Beta * p / (lambda - r))];
        var (low, high) = (language.Rewards.Max() + 1e-9, language.Rewards.Max() + 10);
        for (var i = 0; i < 100; i++)
        {
            (low, high) = At((low + high) / 2).Sum() > 1 ? ((low + high) / 2, high) : (low, (low + high) / 2);
        }

        var (own, found) = (At(low), language.Now);
        Assert.Equal(1, own.Sum(), 1e-6);
        var (toOwn, toBest) = (CountableLanguage.Divergence(found, own), CountableLanguage.Divergence(found, language.Best(Beta).Policy));
        Assert.True(toOwn < 0.01 && toOwn < toBest / 5, $"{toOwn:f4} nats from its own optimum, {toBest:f4} from the posterior");
    }

    private const double Beta = 0.25;

    private static GrpoOptions Countable { get; } =
        new()
        {
            Kl = new GrpoOptions().Kl with { KlCoefficient = Beta },
            Rollouts = new() { TotalEpisodes = 128 * 60, RolloutBatchSize = 128 },
            Group = new GrpoOptions().Group with { NumGenerations = 8, NumIterations = 2 },
            Sampling = new() { MaxNewTokens = 2 },
            ScaleRewards = RewardScaling.None,
            LossNormalization = LossNormalization.Constant,
            Training = new GrpoOptions().Training with { BatchSize = 128, LearningRate = 3e-3 },
        };

    private static Task Train(CountableLanguage language, GrpoOptions options) =>
        CountableLanguage.TrainAsync(new Grpo.Objective(options, language.Policy), new Grpo.Experience(options, language.Parts), options);

    private static GrpoOptions Named(string name) => (GrpoOptions)MethodRegistry.Preset(typeof(GrpoOptions), name)!;
}
