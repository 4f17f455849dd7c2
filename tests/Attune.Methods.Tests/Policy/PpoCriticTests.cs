using System.ComponentModel.DataAnnotations;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using Attune.Training.Rewards;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

public sealed class PpoCriticTests
{
    [Fact]
    public void A_critic_begun_as_the_reward_model_speaks_in_the_unit_of_the_rewards()
    {
        using var model = TinyModels.Scalar(1);
        using var policy = TinyModels.Language(2);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var batch = TokenBatch.Of(TinyData.Sequences(6, seed: 4));
        using var raw = new ValueFunction.Separate(model);
        var before = Values(raw, batch, policy);
        var unit = new RewardUnit(Shift: 0.75, Scale: 0.5);
        using var critic = new ValueFunction.Separate(model, unit: unit);
        Assert.All(Values(critic, batch, policy).Zip(before), pair => Assert.Equal(unit.Of(pair.Second), pair.First, 1e-5));
    }

    [Theory]
    [InlineData(ValueNetwork.Policy)]
    [InlineData(ValueNetwork.SharedTrunk)]
    public async Task While_the_critic_warms_up_the_policy_stays_bit_for_bit(ValueNetwork network)
    {
        using var parts = new TinyPpo(
            TinyPpo.Small with
            {
                ValueNetwork = network,
                Critic = new() { CriticWarmup = 1 },
                Kl = TinyPpo.Small.Kl with { KlController = KlController.Adaptive, KlHorizon = 10 },
            }
        );
        var start = TinyModels.Values(parts.Policy.Weights.Values);
        var critic = Critic(parts);
        var watch = new Watch(parts);
        await Run(parts, watch);
        Assert.Equal([true, false], watch.PolicyIs.Select(p => p.SequenceEqual(start)));
        Assert.NotEqual(critic, watch.CriticAfterWarmup);
        Assert.Equal([0, 0, 0, 0], watch.Rates[..4]);
        Assert.Equal([3e-3, 3e-3, 3e-3, 3e-3], watch.Rates[4..]);
        Assert.Equal(watch.Betas[0], watch.Betas[1]); // a policy that did not move says nothing of its price
    }

    [Fact]
    public async Task The_bias_is_the_mean_of_the_values_less_that_of_the_returns()
    {
        // The head begins at 0, so values are 0; with lambda and gamma 1 the return of every token is the answer's score, 2, less nothing:
        // the policy is the reference.
        using var parts = new TinyPpo(
            TinyPpo.Small with
            {
                ValueNetwork = ValueNetwork.SharedTrunk,
                Lambda = 1,
                WhitenRewards = false,
            },
            reward: new Constant(2)
        );
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), TestContext.Current.CancellationToken);
        Assert.Equal(-2, round!.Measured["val/bias"], 1e-4);
    }

    [Fact]
    public async Task A_critic_begun_as_the_reward_model_settles_its_constant_in_the_first_round_and_no_later()
    {
        using var parts = new TinyPpo(TinyPpo.Small with { ValueNetwork = ValueNetwork.Policy, Lambda = 1 }, reward: new Constant(2));
        using var model = TinyModels.Scalar(1);
        using var critic = new ValueFunction.Separate(model, unit: new RewardUnit(5, 0.5));
        var experience = new Ppo.Experience(parts.Options, parts.Parts) { Value = critic };
        async Task<double> Bias(long round) =>
            (await experience.NextAsync(Progress.Start(new Seed(1)) with { Round = round }, CancellationToken.None))!.Measured["val/bias"];
        Assert.Equal(0, await Bias(0), 1e-4);
        Assert.Equal(0, await Bias(0), 1e-4); // drawn again after a stop: nothing is left to settle
        Assert.True(critic.Shift(3));
        Assert.Equal(3, await Bias(1), 0.5); // other answers, and the shift stays
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void A_warm_up_that_leaves_no_round_for_the_policy_is_refused(int warmup, int problems)
    {
        var options = TinyPpo.Small with { Critic = new() { CriticWarmup = warmup } };
        var found = options.Validate(new ValidationContext(options)).ToArray();
        Assert.Equal(problems, found.Length);
        Assert.All(found, p => Assert.Contains("critic_warmup is 2, but", p.ErrorMessage, StringComparison.Ordinal));
    }

    [Fact]
    public void Policy_and_critic_are_one_group_until_an_option_sets_them_apart()
    {
        using var together = new TinyPpo(TinyPpo.Small);
        Assert.Equal(together.Objective.Learners, Assert.Single(together.Objective.Groups).Learners);
        using var apart = new TinyPpo(
            TinyPpo.Small with
            {
                Critic = new() { CriticLearningRate = 1e-2, CriticMaxGradNorm = 0.5 },
            }
        );
        var groups = apart.Objective.Groups;
        Assert.Equal(["", "critic"], groups.Select(g => g.Name));
        Assert.Equal(apart.Objective.Learners, groups.SelectMany(g => g.Learners));
        Assert.Equal(((double?)null, (double?)null), (groups[0].LearningRate, groups[0].MaxGradientNorm));
        Assert.Equal((1e-2, 0.5), (groups[1].LearningRate, groups[1].MaxGradientNorm));
    }

    private static double[] Values(ValueFunction value, TokenBatch batch, LanguageModel policy) =>
        [.. value.OfAnswers(batch, FrozenLayerCache.HiddenAt(policy, batch, batch.Predictors, null)).data<float>().Select(v => (double)v)];

    private static float[] Critic(TinyPpo parts) => [.. parts.Value.Weights.SelectMany(w => TinyModels.Values(w.Values))];

    private static async Task Run(TinyPpo parts, ILoopObserver observer)
    {
        using var loop = new TrainingLoop<PpoItem>(
            parts.Objective,
            parts.Experience,
            new Schedule(ScheduleKind.Constant, 3e-3, 0),
            new OptimiserOptions { Epsilon = 1e-2 },
            new LoopOptions(8, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(3)), observer, TestContext.Current.CancellationToken);
    }

    private sealed class Watch(TinyPpo parts) : ILoopObserver
    {
        public List<float[]> PolicyIs { get; } = [];
        public List<double> Rates { get; } = [];
        public List<double> Betas { get; } = [];
        public float[] CriticAfterWarmup { get; private set; } = [];

        public long LastSequence => 0;

        public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) => Rates.Add(metrics["learning_rate"]);

        public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
        {
            CriticAfterWarmup = PolicyIs.Count == 0 ? Critic(parts) : CriticAfterWarmup;
            PolicyIs.Add(TinyModels.Values(parts.Policy.Weights.Values));
            Betas.Add(metrics["objective/kl_coef"]);
        }
    }

    private sealed class Constant(double value) : IReward
    {
        public string Name => "constant";

        public ValueTask<IReadOnlyList<Core.Rollouts.Score>> ScoreAsync(
            IReadOnlyList<Core.Rollouts.Rollout> rollouts,
            CancellationToken cancel
        ) =>
            ValueTask.FromResult<IReadOnlyList<Core.Rollouts.Score>>([
                .. rollouts.Select(r => Core.Rollouts.Score.Outcome(r, value, Name)),
            ]);
    }
}
