using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Policy;

/// <summary>Frozen layers computed once for policy, reference, critic and all epochs change the work, not the numbers.</summary>
public sealed class PpoSharingTests
{
    [Theory]
    [InlineData(ValueNetwork.SharedTrunk)]
    [InlineData(ValueNetwork.Policy)]
    public async Task Sharing_on_and_off_gives_the_same_numbers(ValueNetwork value)
    {
        // One round: a weight that differs by rounding may draw another token in the next. Adam's epsilon is large for the same reason.
        var options = TinyPpo.Small with
        {
            ValueNetwork = value,
            Rollouts = TinyPpo.Small.Rollouts with { TotalEpisodes = 16 },
            Training = TinyPpo.Small.Training with { FrozenLayers = 1 },
        };
        var (shared, weights) = await Run(options);
        var (alone, expected) = await Run(options with { Rollouts = options.Rollouts with { SharedStatesMb = 0 } });
        Assert.Equal(options.UpdatesPerRound, shared.Updates.Count);
        Assert.All(
            alone.Updates.Zip(shared.Updates).Concat(alone.Rounds.Zip(shared.Rounds)),
            pair => Near(pair.First.Metrics, pair.Second.Metrics)
        );
        Assert.All(expected.Zip(weights), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public async Task A_round_computes_the_frozen_layers_once_an_answer()
    {
        using var parts = new TinyPpo(
            TinyPpo.Small with
            {
                ValueNetwork = ValueNetwork.Policy,
                Rollouts = TinyPpo.Small.Rollouts with { TotalEpisodes = 16 },
                Training = TinyPpo.Small.Training with { FrozenLayers = 1 },
            }
        );
        await Run(parts);
        Assert.Equal(16, parts.Shared!.Computed);
    }

    private static async Task<(RecordingObserver, float[])> Run(PpoOptions options)
    {
        using var parts = new TinyPpo(options);
        var observer = await Run(parts);
        return (
            observer,
            [.. TinyModels.Values(parts.Policy.Weights.Values), .. parts.Value.Weights.SelectMany(w => TinyModels.Values(w.Values))]
        );
    }

    private static async Task<RecordingObserver> Run(TinyPpo parts)
    {
        var observer = new RecordingObserver();
        var schedule = new Schedule(ScheduleKind.Constant, 3e-3, 0);
        using var loop = new TrainingLoop<PpoItem>(
            parts.Objective,
            parts.Experience,
            schedule,
            new OptimiserOptions { Epsilon = 1e-2 },
            new LoopOptions(4, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(3)), observer, TestContext.Current.CancellationToken);
        return observer;
    }

    private static void Near(IReadOnlyDictionary<string, double> expected, IReadOnlyDictionary<string, double> actual) =>
        Assert.All(
            expected.Where(m => !m.Key.StartsWith("time/", StringComparison.Ordinal) && m.Key != "memory/resident"),
            metric => Assert.Equal(metric.Value, actual[metric.Key], 1e-5 * Math.Max(1, Math.Abs(metric.Value)))
        );
}
