using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using static TorchSharp.torch;

namespace Attune.Training.Tests;

/// <summary>The loop itself, on least squares with one weight: loss (w - x)^2 / 2, whose gradient over a batch is w - mean x.</summary>
public sealed class TrainingLoopTests
{
    [Fact]
    public async Task The_loss_told_is_the_mean_over_the_update_and_the_rate_is_the_schedules()
    {
        using var learner = new OneWeight();
        var observer = new RecordingObserver();
        // Batches of 2 of (1, 2, 3, 4, 5), so the last of an epoch is alone; microbatches of 1.
        using var loop = Loop(
            learner,
            new DatasetExperience<double>([1, 2, 3, 4, 5], 2, epochs: 1),
            new Schedule(ScheduleKind.Linear, 0, 0)
        );
        var (progress, end) = await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        Assert.Equal((LoopEnd.Finished, 3L, 3L, 5L), (end, progress.Round, progress.Updates, progress.Items));
        Assert.Equal(3, observer.Updates.Count);
        // The rate is 0, so w stays 0 and the losses of all five items are x^2 / 2, whatever their order.
        Assert.Equal((1 + 4 + 9 + 16 + 25) / 2.0, 2 * observer.Losses[0] + 2 * observer.Losses[1] + observer.Losses[2], 1e-5);
        Assert.All(observer.Updates, u => Assert.Equal(0, u.Metrics["learning_rate"]));
    }

    [Fact]
    public async Task The_gradient_is_the_mean_by_weight_whatever_the_microbatch()
    {
        foreach (var microbatch in new[] { 1, 2, 3, 7 })
        {
            using var learner = new OneWeight { ByValue = true };
            var observer = new RecordingObserver();
            using var loop = Loop(
                learner,
                new DatasetExperience<double>([1, 2, 3, 4], 4, epochs: 1),
                new Schedule(ScheduleKind.Constant, 0.01, 0),
                microbatch
            );
            await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
            // Weights 1, 2, 3, 4 of 10; gradient at 0 of each is -x: (1 + 4 + 9 + 16) / 10 = 3.
            Assert.Equal(3, observer.Updates[0].Metrics["grad_norm"], 1e-5);
        }
    }

    [Fact]
    public async Task Items_vary_anew_each_time_and_the_same_way_when_replayed()
    {
        static DatasetExperience<double> Experience() =>
            new([1, 2, 3], 2, epochs: 2) { Vary = (item, seed) => item + seed.Rng().NextDouble() };
        async Task<double[]> Drawn(DatasetExperience<double> experience, int from)
        {
            List<double> items = [];
            for (
                var progress = Progress.Start(new Seed(1)) with { Updates = from };
                await experience.NextAsync(progress, CancellationToken.None) is { } round;

            )
            {
                items.AddRange(round.Updates.Single());
                progress = progress with { Updates = progress.Updates + 1 };
            }

            return [.. items];
        }

        var whole = await Drawn(Experience(), 0);
        Assert.Equal([1, 1, 2, 2, 3, 3], whole.Select(Math.Floor).Order());
        Assert.Equal(6, whole.Distinct().Count());
        Assert.Equal(whole[2..], await Drawn(Experience(), 1));
    }

    [Fact]
    public async Task Cancelled_before_it_begins_it_writes_a_checkpoint_and_learns_nothing()
    {
        using var folder = new TemporaryFolder();
        using var learner = new OneWeight();
        var checkpoints = new DirectoryCheckpoints(folder.Path, []);
        using var loop = Loop(
            learner,
            new DatasetExperience<double>([1, 2], 1, epochs: 1),
            new Schedule(ScheduleKind.Constant, 0.1, 0),
            checkpoints: checkpoints
        );
        var (progress, end) = await loop.RunAsync(
            Progress.Start(new Seed(1)),
            new RecordingObserver(),
            new CancellationToken(canceled: true)
        );
        Assert.Equal((LoopEnd.Cancelled, 0L), (end, progress.Updates));
        Assert.Equal(0, loop.Restore()!.Updates);
    }

    [Fact]
    public async Task Cancelled_within_a_round_it_learns_the_round_whole()
    {
        using var cancel = new CancellationTokenSource();
        using var learner = new OneWeight();
        var observer = new RecordingObserver { AfterUpdate = _ => cancel.Cancel() };
        using var loop = Loop(learner, new ThreeUpdates(), new Schedule(ScheduleKind.Constant, 0.1, 0));
        var (progress, end) = await loop.RunAsync(Progress.Start(new Seed(1)), observer, cancel.Token);
        Assert.Equal((LoopEnd.Cancelled, 1L, 3L), (end, progress.Round, progress.Updates));
    }

    [Fact]
    public async Task A_run_with_a_moving_average_ends_with_it_and_learns_from_the_weights_themselves()
    {
        using var learner = new OneWeight();
        var weights = new List<float>();
        var observer = new RecordingObserver { AfterUpdate = _ => weights.Add(learner.Weight) };
        using var loop = Loop(learner, new ThreeUpdates(), new Schedule(ScheduleKind.Constant, 0.1, 0), emaDecay: 0.75);
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        using var plain = new OneWeight();
        var plainWeights = new List<float>();
        using var other = Loop(plain, new ThreeUpdates(), new Schedule(ScheduleKind.Constant, 0.1, 0));
        await other.RunAsync(
            Progress.Start(new Seed(1)),
            new RecordingObserver { AfterUpdate = _ => plainWeights.Add(plain.Weight) },
            CancellationToken.None
        );
        Assert.Equal(plainWeights, weights);
        // It begins at the first weight, 0.
        Assert.Equal(weights.Aggregate(0.0, (average, w) => 0.75 * average + 0.25 * w), learner.Weight, 1e-6);
        Assert.NotEqual(weights[^1], learner.Weight);
    }

    [Fact]
    public async Task A_resumed_run_has_the_same_moving_average()
    {
        using var folder = new TemporaryFolder();
        using var whole = new OneWeight();
        using var uninterrupted = Loop(whole, new ThreeUpdates(), new Schedule(ScheduleKind.Constant, 0.1, 0), emaDecay: 0.9);
        await uninterrupted.RunAsync(Progress.Start(new Seed(1)), new RecordingObserver(), CancellationToken.None);

        using var cancel = new CancellationTokenSource();
        using var first = new OneWeight();
        var stop = new RecordingObserver { AfterUpdate = _ => cancel.Cancel() };
        var checkpoints = new DirectoryCheckpoints(folder.Path, []);
        using (var loop = Loop(first, new ThreeUpdates(), new Schedule(ScheduleKind.Constant, 0.1, 0), 1, checkpoints, 0.9))
        {
            await loop.RunAsync(Progress.Start(new Seed(1)), stop, cancel.Token);
        }

        using var second = new OneWeight();
        using var resumed = Loop(second, new ThreeUpdates(), new Schedule(ScheduleKind.Constant, 0.1, 0), 1, checkpoints, 0.9);
        var at = resumed.Restore()!;
        await resumed.RunAsync(
            new Progress(at.Round, at.Updates, at.Items, new Seed(at.Seed)),
            new RecordingObserver(),
            CancellationToken.None
        );
        Assert.Equal(whole.Weight, second.Weight);
    }

    [Fact]
    public async Task A_time_out_inside_the_experience_is_no_end_of_the_run()
    {
        using var learner = new OneWeight();
        using var loop = Loop(
            learner,
            new ThreeUpdates { Fails = new TaskCanceledException("the server did not answer in 100 seconds") },
            new Schedule(ScheduleKind.Constant, 0.1, 0)
        );
        await Assert.ThrowsAsync<TaskCanceledException>(() =>
            loop.RunAsync(Progress.Start(new Seed(1)), new RecordingObserver(), CancellationToken.None)
        );
    }

    [Fact]
    public async Task A_limit_of_updates_repeats_a_dataset_and_ends_rounds_early()
    {
        foreach (var (experience, expected) in new (IExperience<double>, long)[] { (Rows(), 5), (new ThreeUpdates(), 5) })
        {
            using var learner = new OneWeight();
            var planned = new List<long>();
            var observer = new RecordingObserver { AfterPlanned = planned.Add };
            using var loop = Loop(learner, experience, new Schedule(ScheduleKind.Constant, 0.1, 0), maxUpdates: 5);
            var (progress, end) = await loop.RunAsync(Progress.Start(new Seed(1)), observer, TestContext.Current.CancellationToken);
            Assert.Equal((LoopEnd.Finished, expected), (end, progress.Updates));
            Assert.All(planned, p => Assert.Equal(5, p));
        }

        static DatasetExperience<double> Rows() => new([1, 2], 1, epochs: 1);
    }

    [Fact]
    public async Task A_run_that_keeps_the_best_ends_with_the_weights_of_the_least_held_out_loss_also_after_a_stop()
    {
        using var folder = new TemporaryFolder();
        // The weight climbs towards 10; held-out loss is least where it is 2.
        foreach (var stopAfter in new[] { 3, int.MaxValue })
        {
            using var cancel = new CancellationTokenSource();
            using var learner = new OneWeight();
            var experience = new DatasetExperience<double>([10], 1, epochs: 12)
            {
                EvaluateEvery = 1,
                Evaluate = () =>
                {
                    var metrics = new Metrics();
                    metrics.Set("eval_loss", Math.Abs(learner.Weight - 2));
                    return metrics;
                },
            };
            var observer = new RecordingObserver
            {
                AfterUpdate = p =>
                {
                    if (p.Updates == stopAfter)
                    {
                        cancel.Cancel();
                    }
                },
            };
            using var loop = Loop(
                learner,
                experience,
                new Schedule(ScheduleKind.Constant, 0.5, 0),
                checkpoints: new DirectoryCheckpoints(folder.Path, []),
                keepsBest: true
            );
            var start = loop.Restore() is { } at ? Progress.Start(new Seed(1)) with { Updates = at.Updates } : Progress.Start(new Seed(1));
            var (progress, _) = await loop.RunAsync(start, observer, cancel.Token);
            if (progress.Updates < 12)
            {
                continue;
            }

            Assert.Equal(4, loop.Best);
            Assert.Equal(2, learner.Weight, 0.05);
        }
    }

    [Fact]
    public async Task A_divergence_is_told_and_leaves_the_weights_of_the_last_good_update()
    {
        using var learner = new OneWeight();
        float last = 0;
        var observer = new RecordingObserver { AfterUpdate = _ => last = learner.Weight };
        using var loop = Loop(
            learner,
            new DatasetExperience<double>([1, 2, double.NaN], 1, epochs: 1),
            new Schedule(ScheduleKind.Constant, 0.1, 0)
        );
        var problem = await Assert.ThrowsAsync<AttuneException>(() =>
            loop.RunAsync(Progress.Start(new Seed(3)), observer, CancellationToken.None)
        );
        Assert.Contains("training has diverged", problem.Message, StringComparison.Ordinal);
        Assert.Contains($"update {observer.Updates.Count + 1}", problem.Message, StringComparison.Ordinal);
        Assert.Equal(last, learner.Weight);
    }

    private static TrainingLoop<double> Loop(
        OneWeight learner,
        IExperience<double> experience,
        Schedule schedule,
        int microbatch = 1,
        DirectoryCheckpoints? checkpoints = null,
        double emaDecay = 0,
        long maxUpdates = 0,
        bool keepsBest = false
    ) =>
        new(
            learner,
            experience,
            schedule,
            new OptimiserOptions(),
            new LoopOptions(microbatch, 0)
            {
                EmaDecay = emaDecay,
                MaxUpdates = maxUpdates,
                KeepsBest = keepsBest,
            },
            checkpoints
        );

    private sealed class OneWeight : IObjective<double>, IDisposable
    {
        private readonly FlatParameters _weights = new([new ParameterSlot("w", 0, [1, 1])]);

        /// <summary>Items count by their value instead of once.</summary>
        public bool ByValue { get; init; }

        public float Weight => _weights.Values[0].item<float>();

        public IReadOnlyList<FlatParameters> Learners => [_weights];

        double IObjective<double>.Weight(double item) => ByValue ? item : 1;

        public int Length(double item) => 1;

        public Contracts.ObjectiveValue Evaluate(IReadOnlyList<double> items)
        {
            var values = tensor(items.Select(i => (float)i).ToArray());
            var counts = tensor(items.Select(i => ByValue ? (float)i : 1).ToArray());
            return new Contracts.ObjectiveValue(((_weights["w"].view(1) - values).square() * counts).sum() / 2, new Metrics());
        }

        public void Dispose() => _weights.Dispose();
    }

    private sealed class ThreeUpdates : IExperience<double>
    {
        public Exception? Fails { get; init; }

        public long PlannedUpdates => 9;

        public ValueTask<Round<double>?> NextAsync(Progress at, CancellationToken cancel) =>
            Fails is not null
                ? throw Fails
                : ValueTask.FromResult(
                    at.Round < 3
                        ? new Round<double>(
                            [
                                [1],
                                [2],
                                [3],
                            ],
                            3
                        )
                        : null
                );
    }
}
