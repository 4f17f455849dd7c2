using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Supervised;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Rollouts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

/// <summary>What PPO checks while it runs, and the promises of its objective.</summary>
public sealed class PpoInvariantTests
{
    [Fact]
    public async Task On_unchanged_weights_the_ratio_is_1_and_nothing_is_clipped()
    {
        using var scope = NewDisposeScope();
        using var parts = new TinyPpo(TinyPpo.Small);
        var metrics = parts.Objective.Evaluate((await Round(parts)).Updates[0]).Metrics;
        Assert.Equal(1, metrics["val/ratio"], 1e-5);
        Assert.Equal(0, metrics["policy/approxkl_avg"], 1e-9);
        Assert.Equal(0, metrics["policy/clipfrac_avg"]);
        Assert.Equal(0, metrics["val/clipfrac_avg"]);
    }

    [Fact]
    public async Task A_trainer_at_another_temperature_than_the_rollouts_is_noticed()
    {
        using var scope = NewDisposeScope();
        using var parts = new TinyPpo(TinyPpo.Small);
        var updates = (await Round(parts)).Updates;
        var hotter = new Ppo.Objective(
            parts.Options with
            {
                Sampling = parts.Options.Sampling with { Temperature = 1.3 },
            },
            parts.Policy,
            parts.Value
        );
        Assert.Contains(
            "must have ratio 1",
            Assert.Throws<InvariantException>(() => hotter.Evaluate(updates[0])).Message,
            StringComparison.Ordinal
        );
        hotter.Evaluate(updates[1]); // later the weights have changed, and so may the ratio
    }

    [Fact]
    public async Task Weights_that_changed_between_rollout_and_first_update_are_noticed()
    {
        using var scope = NewDisposeScope();
        using var parts = new TinyPpo(TinyPpo.Small);
        var updates = (await Round(parts)).Updates;
        using (no_grad())
        {
            parts.Policy.Weights.Values.mul_(1.1f);
        }

        Assert.Throws<InvariantException>(() => parts.Objective.Evaluate(updates[0]));
    }

    [Fact]
    public async Task A_sampler_at_another_temperature_than_the_trainer_is_noticed()
    {
        using var parts = new TinyPpo(TinyPpo.Small);
        using var inner = new LocalSampler();
        using var other = new TinyPpo(TinyPpo.Small, sampler: new Bent(inner) { Temperature = 1.3 });
        await Round(parts);
        Assert.Contains(
            "temperature",
            (await Assert.ThrowsAsync<InvariantException>(() => Round(other))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_sampler_with_stale_weights_is_noticed()
    {
        using var inner = new LocalSampler();
        using var parts = new TinyPpo(
            TinyPpo.Small with
            {
                Training = TinyPpo.Small.Training with { LearningRate = 0.02 },
            },
            sampler: new Bent(inner) { Stale = true }
        );
        using var loop = new TrainingLoop<PpoItem>(
            parts.Objective,
            parts.Experience,
            parts.Options.Training.LearningRateSchedule,
            parts.Options.Training.Optimiser,
            new LoopOptions(8, 0),
            null
        );
        var observer = new RecordingObserver();
        await Assert.ThrowsAsync<InvariantException>(() => loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None));
        Assert.Single(observer.Rounds); // the first round's samples were fresh
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Law_pretraining_adds_the_coefficient_times_the_mean_loss_of_the_texts(int each)
    {
        using var scope = NewDisposeScope();
        using var parts = new TinyPpo(TinyPpo.Small with { PtxCoefficient = 3, PtxTexts = each });
        var items = (await Round(parts)).Updates[0];
        Assert.All(items, i => Assert.Equal(each, i.Pretraining.Length));
        var total = items.Sum(parts.Objective.Weight);
        var with = parts.Objective.Evaluate(items);
        var without = parts.Objective.Evaluate([.. items.Select(i => i with { Pretraining = [] })]);
        var texts = items.SelectMany(i => i.Pretraining).Select(t => t.Sequence).ToArray();
        var mean = Sft.Evaluate(parts.Policy, texts)["eval_loss"];
        Assert.Equal(3 * mean, (with.SummedLoss.ToDouble() - without.SummedLoss.ToDouble()) / total, 1e-4);
        Assert.Equal(mean, with.Metrics["loss/ptx_avg"], 1e-5);
    }

    [Fact]
    public async Task Law_the_loss_is_the_policys_plus_the_coefficient_times_the_values()
    {
        using var scope = NewDisposeScope();
        using var parts = new TinyPpo(TinyPpo.Small with { ValueCoefficient = 0.37 });
        var items = (await Round(parts)).Updates[0];
        var (loss, metrics) = parts.Objective.Evaluate(items);
        Assert.Equal(
            metrics["loss/policy_avg"] + 0.37 * metrics["loss/value_avg"],
            loss.ToDouble() / items.Sum(parts.Objective.Weight),
            1e-5
        );
        Assert.True(metrics["loss/value_avg"] > 0);
    }

    [Fact]
    public async Task Gold_that_falls_ends_the_run_and_says_why()
    {
        var looks = 0;
        using var parts = WithExam(
            TinyPpo.Small with
            {
                Rollouts = TinyPpo.Small.Rollouts with { StopOnGoldDrop = 0.5, TotalEpisodes = 160 },
            },
            gold: () => 5 - looks++,
            spread: () => 0.1
        );
        var observer = await Finish(parts);
        // Looks before rounds 1, 2, 3 see 5, 4, 3: the second and the third are too far below the first.
        Assert.Equal(2, observer.Rounds.Count);
        Assert.Contains("gold reward fell to 3.000 from 5.000", parts.Experience.StoppedBecause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ensemble_that_disagrees_ends_the_run_and_says_why()
    {
        var looks = 0;
        using var parts = WithExam(
            TinyPpo.Small with
            {
                Rollouts = TinyPpo.Small.Rollouts with { StopOnDisagreement = 2.5, TotalEpisodes = 160 },
            },
            gold: () => 1,
            spread: () => 0.1 * ++looks
        );
        var observer = await Finish(parts);
        Assert.InRange(observer.Rounds.Count, 1, 3);
        Assert.Contains("spread on held-out answers rose", parts.Experience.StoppedBecause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_look_that_is_cut_short_is_not_counted_twice_after_resuming()
    {
        var looks = 0;
        using var cancel = new CancellationTokenSource();
        using var parts = WithExam(
            TinyPpo.Small with
            {
                Rollouts = TinyPpo.Small.Rollouts with { StopOnGoldDrop = 0.5, TotalEpisodes = 160 },
            },
            gold: () => looks++ == 0 ? 5 : 4,
            spread: () => 0.1,
            duringScoring: () =>
            {
                if (looks == 2)
                {
                    cancel.Cancel();
                }
            }
        );
        var at = Progress.Start(new Seed(1));
        await parts.Experience.NextAsync(at, cancel.Token);
        var before = parts.Experience.State;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            parts.Experience.NextAsync(at with { Round = 1, Items = 16 }, cancel.Token).AsTask()
        );
        Assert.Equal(before, parts.Experience.State);
    }

    [Fact]
    public async Task Learns_a_tiny_task()
    {
        using var parts = new TinyPpo(
            TinyPpo.Small with
            {
                Rollouts = TinyPpo.Small.Rollouts with { TotalEpisodes = 32 * 40, RolloutBatchSize = 32 },
                Kl = TinyPpo.Small.Kl with { KlCoefficient = 0.02 },
                Training = TinyPpo.Small.Training with { BatchSize = 32, LearningRate = 3e-3 },
            }
        );
        var observer = await Finish(parts);
        double Scores(int round) => observer.Rounds[round].Metrics["objective/scores"];
        var (first, last) = (Enumerable.Range(0, 3).Average(Scores), Enumerable.Range(37, 3).Average(Scores));
        Assert.InRange(first, 0.35, 0.65); // half of the tokens are even
        Assert.True(last > 0.9, $"the share of even tokens went from {first:f3} to {last:f3}");
    }

    private static async Task<Round<PpoItem>> Round(TinyPpo parts) =>
        (await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!;

    private static async Task<RecordingObserver> Finish(TinyPpo parts)
    {
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<PpoItem>(
            parts.Objective,
            parts.Experience,
            parts.Options.Training.LearningRateSchedule,
            parts.Options.Training.Optimiser,
            new LoopOptions(parts.Options.Training.BatchSize, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        return observer;
    }

    private static TinyPpo WithExam(PpoOptions options, Func<double> gold, Func<double> spread, Action? duringScoring = null) =>
        new(options, reward: new Told(_ => 0.5) { Spread = spread, Before = duringScoring }, evaluation: true, gold: new Told(_ => gold()));

    /// <summary>A sampler that breaks its promises.</summary>
    private sealed class Bent(LocalSampler inner) : ISampler
    {
        private bool _loaded;

        public double? Temperature { get; init; }

        public bool Stale { get; init; }

        public ValueTask UseWeightsAsync(LanguageModel policy, long version, CancellationToken cancel)
        {
            var skip = Stale && _loaded;
            _loaded = true;
            return skip ? ValueTask.CompletedTask : inner.UseWeightsAsync(policy, version, cancel);
        }

        public ValueTask<IReadOnlyList<Rollout>> SampleAsync(
            IReadOnlyList<SampleRequest> requests,
            SamplingOptions options,
            CancellationToken cancel
        ) => inner.SampleAsync(requests, Temperature is { } t ? options with { Temperature = t } : options, cancel);
    }

    /// <summary>A reward that says what it is told to: one number a call.</summary>
    private sealed class Told(Func<int, double> value) : IReward
    {
        public Func<double>? Spread { get; init; }

        public Action? Before { get; init; }

        public string Name => "told";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
        {
            Before?.Invoke();
            cancel.ThrowIfCancellationRequested();
            var (number, spread) = (value(rollouts.Count), Spread?.Invoke());
            return ValueTask.FromResult<IReadOnlyList<Score>>([
                .. rollouts.Select(r => Score.Outcome(r, number, Name) with { Spread = spread }),
            ]);
        }
    }
}
