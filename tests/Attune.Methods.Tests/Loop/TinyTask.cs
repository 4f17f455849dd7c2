using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Loop;

/// <summary>Judgements on random answers by one rule that a tiny model can learn: the more even tokens, the better.</summary>
internal static class TinyTask
{
    public static TokenPair[] Pairs(int count, ulong seed = 11) =>
        [.. Groups(count, 2, seed).Select((g, i) => new TokenPair(g[0], g[1], Margin: i % 3 * 0.1))];

    public static TokenChoice[] Choices(int count, int answers, ulong seed = 12) =>
        [
            .. Groups(count, answers, seed)
                .Select((g, i) => new TokenChoice([.. g[(i % answers)..], .. g[..(i % answers)]], (answers - i % answers) % answers)),
        ];

    /// <summary>Where answers have equally many even tokens they are tied.</summary>
    public static TokenRanking[] Rankings(int count, int answers, ulong seed = 13) =>
        [.. Groups(count, answers, seed).Select(g => new TokenRanking([.. g], RanksOf(g)))];

    public static LabelledSequence[] Verdicts(int count, ulong seed = 14) =>
        [.. Groups(count, 2, seed).Select((g, i) => new LabelledSequence(g[i % 2], i % 2 == 0))];

    /// <summary>Trains a fresh scalar model on the items for 60 updates of all of them.</summary>
    public static async Task Learns<T>(
        Func<ScalarModel, IObjective<T>> objective,
        T[] items,
        string metric,
        double atLeast,
        double lossBelow
    )
    {
        using var model = TinyModels.Scalar(1);
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<T>(
            objective(model),
            new DatasetExperience<T>(items, items.Length, epochs: 60),
            new Schedule(ScheduleKind.Linear, 5e-3, 0.1),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(items.Length, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        Assert.True(
            observer.Losses[^1] < lossBelow,
            $"the loss went from {observer.Losses[0]:f3} to {observer.Losses[^1]:f3}; below {lossBelow} was expected"
        );
        Assert.True(observer.Updates[^1].Metrics[metric] >= atLeast, $"{metric} is {observer.Updates[^1].Metrics[metric]:f3}");
    }

    /// <summary>Answers to one prompt, best first, the first strictly better than the second and the last worse than the first.</summary>
    private static IEnumerable<TokenSequence[]> Groups(int count, int answers, ulong seed)
    {
        var rng = new Seed(seed).Rng();
        while (count > 0)
        {
            var group = TinyData.Answers(answers, rng).OrderByDescending(TinyData.EvenTokens).ToArray();
            if (TinyData.EvenTokens(group[0]) > TinyData.EvenTokens(group[1]))
            {
                count--;
                yield return group;
            }
        }
    }

    private static ImmutableArray<int> RanksOf(TokenSequence[] group) =>
        [.. group.Select(s => 1 + group.Count(other => TinyData.EvenTokens(other) > TinyData.EvenTokens(s)))];
}
