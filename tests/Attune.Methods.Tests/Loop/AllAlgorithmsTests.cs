using Attune.Core;
using Attune.Models.Weights;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Methods.Tests.Loop;

/// <summary>What the loop promises for every algorithm.</summary>
public sealed class AllAlgorithmsTests
{
    [Theory]
    [MemberData(nameof(TinyRun.Exact), MemberType = typeof(TinyRun))]
    public async Task Law_the_microbatch_changes_memory_not_results(string algorithm)
    {
        // One round of those that sample: later rounds sample, and a weight that differs by rounding may draw another token. Adam's epsilon
        // is large because gradients that are 0 but for rounding (a bias on all keys, say) would else be blown up to whole steps.
        var setup = new TinySetup
        {
            Rounds = TinyRun.SamplesItself(algorithm) ? 1 : 6,
            Optimiser = new OptimiserOptions { Epsilon = 1e-2, MaxGradientNorm = 1 },
        };
        var (whole, wholeWeights) = await Run(algorithm, setup with { Microbatch = 8 });
        Assert.True(whole.Updates.Count >= 4);
        foreach (var microbatch in new[] { 3, 1 })
        {
            var (parts, weights) = await Run(algorithm, setup with { Microbatch = microbatch });
            Assert.Equal(whole.Updates.Count, parts.Updates.Count);
            Assert.All(
                whole.Losses.Zip(parts.Losses),
                pair => Assert.Equal(pair.First, pair.Second, 2e-4 * Math.Max(1, Math.Abs(pair.First)))
            );
            Assert.All(wholeWeights.Zip(weights), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    [Theory]
    [MemberData(nameof(TinyRun.AllInBothPrecisions), MemberType = typeof(TinyRun))]
    public async Task Law_the_same_seed_gives_the_same_bits_and_another_seed_others(string algorithm, Precision precision)
    {
        var setup = new TinySetup { Precision = precision };
        var (first, firstWeights) = await Run(algorithm, setup);
        var (second, secondWeights) = await Run(algorithm, setup);
        var (_, otherWeights) = await Run(algorithm, setup with { Seed = 8 });
        Assert.Equal(firstWeights, secondWeights);
        Assert.Equal(first.Losses, second.Losses);
        Assert.NotEqual(firstWeights, otherWeights);
    }

    [Theory]
    [MemberData(nameof(TinyRun.AllInBothPrecisions), MemberType = typeof(TinyRun))]
    public async Task Law_a_resumed_run_is_the_uninterrupted_run_bit_for_bit(string algorithm, Precision precision)
    {
        var setup = new TinySetup { Precision = precision };
        using var folder = new TemporaryFolder();
        var (whole, weights) = await Run(algorithm, setup);
        using var cancel = new CancellationTokenSource();
        var before = new RecordingObserver { AfterRound = progress => CancelAfter(progress.Round, 2, cancel) };
        using (var interrupted = TinyRun.Of(algorithm, setup with { Folder = folder.Path, CheckpointEvery = 1 }))
        {
            var (progress, end) = await interrupted.RunAsync(before, cancel.Token);
            Assert.Equal((LoopEnd.Cancelled, 2L), (end, progress.Round));
        }

        var after = new RecordingObserver();
        using var resumed = TinyRun.Of(algorithm, setup with { Folder = folder.Path, CheckpointEvery = 1 });
        Assert.True(resumed.Restore());
        var (_, finish) = await resumed.RunAsync(after);
        Assert.Equal(LoopEnd.Finished, finish);
        Assert.Equal(weights, resumed.Weights);
        Assert.Equal(whole.Losses, before.Losses.Concat(after.Losses));
        Assert.Equal(whole.Updates[^1].Progress, after.Updates[^1].Progress);
        Assert.Equal(Plain(whole), [.. Plain(before), .. Plain(after)]);
    }

    [Theory]
    [MemberData(nameof(TinyRun.All), MemberType = typeof(TinyRun))]
    public async Task A_finished_run_has_nothing_left_to_do_when_resumed(string algorithm)
    {
        using var folder = new TemporaryFolder();
        var setup = new TinySetup { Folder = folder.Path, Rounds = 2 };
        var (_, weights) = await Run(algorithm, setup);
        using var resumed = TinyRun.Of(algorithm, setup);
        Assert.True(resumed.Restore());
        var observer = new RecordingObserver();
        await resumed.RunAsync(observer);
        Assert.Empty(observer.Updates);
        Assert.Equal(weights, resumed.Weights);
    }

    [Theory]
    [MemberData(nameof(TinyRun.All), MemberType = typeof(TinyRun))]
    public async Task A_loss_that_is_no_number_stops_with_one_clear_message_and_the_weights_before_it(string algorithm)
    {
        using var folder = new TemporaryFolder();
        float[] good = [];
        using var run = TinyRun.Of(
            algorithm,
            new TinySetup
            {
                PoisonedUpdate = 4,
                Folder = folder.Path,
                CheckpointEvery = 1,
            }
        );
        var observer = new RecordingObserver { AfterUpdate = progress => good = progress.Updates == 3 ? run.Weights : good };
        var problem = await Assert.ThrowsAsync<AttuneException>(() => run.RunAsync(observer));
        Assert.Contains("the gradient of update 4 is not finite", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.NewLine, problem.Message, StringComparison.Ordinal);
        Assert.Equal(3, observer.Updates.Count);
        Assert.Equal(good, run.Weights);
    }

    [Theory]
    [MemberData(nameof(TinyRun.All), MemberType = typeof(TinyRun))]
    public async Task A_learning_rate_far_too_high_ends_in_a_message_too(string algorithm)
    {
        using var run = TinyRun.Of(algorithm, new TinySetup { LearningRate = 1e30, Optimiser = new OptimiserOptions() });
        var problem = await Assert.ThrowsAsync<AttuneException>(() => run.RunAsync(new RecordingObserver()));
        Assert.DoesNotContain(Environment.NewLine, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TinyRun.All), MemberType = typeof(TinyRun))]
    public async Task No_update_keeps_a_tensor(string algorithm)
    {
        var counts = new List<long>();
        using var folder = new TemporaryFolder();
        using var run = TinyRun.Of(
            algorithm,
            new TinySetup
            {
                Rounds = TinyRun.SamplesItself(algorithm) ? 50 : 200,
                Folder = folder.Path,
                CheckpointEvery = 40,
                LearningRate = 1e-4,
            }
        );
        Tensors.Alive(); // What earlier tests left to the finaliser is gone before the first count.
        await run.RunAsync(new RecordingObserver { AfterUpdate = _ => counts.Add(torch.Tensor.TotalCount) });
        Assert.True(counts.Count >= 200);
        // The observer is called within the loop, so nothing is alive then but models and optimiser.
        Assert.All(counts.Skip(5), count => Assert.Equal(counts[4], count));
    }

    private static void CancelAfter(long round, long last, CancellationTokenSource cancel)
    {
        if (round == last)
        {
            cancel.Cancel();
        }
    }

    /// <summary>Everything told but times, which no two runs share.</summary>
    private static List<string> Plain(RecordingObserver observer) =>
        [
            .. observer
                .Updates.Concat(observer.Rounds)
                .OrderBy(e => e.Progress.Updates)
                .ThenBy(e => e.Progress.Round)
                .Select(e =>
                    $"{e.Progress}: "
                    + string.Join(
                        ", ",
                        e.Metrics.Where(m => !m.Key.StartsWith("time/", StringComparison.Ordinal) && m.Key != "memory/resident")
                            .OrderBy(m => m.Key, StringComparer.Ordinal)
                            .Select(m => $"{m.Key} {m.Value:r}")
                    )
                ),
        ];

    private static async Task<(RecordingObserver Observer, float[] Weights)> Run(string algorithm, TinySetup setup)
    {
        using var run = TinyRun.Of(algorithm, setup);
        var observer = new RecordingObserver();
        await run.RunAsync(observer);
        return (observer, run.Weights);
    }
}
