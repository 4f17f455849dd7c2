using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Feedback;
using Attune.Recipes;
using Attune.Recipes.Running;

namespace Attune.Cli.Commands;

/// <summary>A recipe that is tried in a folder of its own, which is gone afterwards, to say what the whole would take.</summary>
internal static class DryRuns
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static async Task<int> RunAsync(Recipe recipe, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("attune-dry-run-").FullName;
        try
        {
            var stages = await ProgressScreen.WatchAsync(screen =>
                new DryRun(recipe, folder, screen) { Stores = new FeedbackStores(), LoadLibraries = NativeSetup.LoadTorch }.RunAsync(cancel)
            );
            foreach (var line in Lines(stages))
            {
                Console.Out.WriteLine(line);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static IEnumerable<string> Lines(IReadOnlyList<DryRunStage> stages)
    {
        foreach (var (stage, number) in stages.Select((s, i) => (s, i + 1)))
        {
            var place = stages.Count == 1 ? "" : string.Create(Culture, $" ({number} of {stages.Count}: {stage.Purpose})");
            yield return $"dry run of {stage.Name}{place}: {Tried(stage)}, nothing is kept";
            foreach (var line in OfStage(stage))
            {
                yield return line;
            }
        }

        if (stages.Count > 1)
        {
            var untried = stages.Where(s => s.NotTried is not null).Select(s => s.Name).ToArray();
            yield return $"in all about {Clock.Words(stages.Sum(s => s.Seconds))}"
                + (untried.Length == 0 ? "" : $", and what {string.Join(", ", untried)} would take");
        }
    }

    private static string Tried(DryRunStage stage) =>
        stage.Trainings.Length switch
        {
            0 when stage.NotTried is not null => "not tried",
            0 => "it trains nothing",
            1 => "three rounds were tried",
            var count => string.Create(Culture, $"three rounds of each of {count} trainings were tried"),
        };

    private static IEnumerable<string> OfStage(DryRunStage stage)
    {
        if (stage.Trainings.FirstOrDefault() is { } first)
        {
            var updates = stage.Trainings.Sum(t => t.Updates);
            var tokens = stage.Trainings.Sum(t => t.TokensPerUpdate * t.Updates);
            var seconds = stage.Trainings.Sum(t => t.SecondsPerUpdate * t.Updates);
            if (first.Rows > 0)
            {
                yield return string.Create(Culture, $"  rows      {first.Rows:N0} to learn from");
            }

            yield return string.Create(Culture, $"  updates   {updates:N0} in rounds of {first.ItemsPerRound:N0} items");
            yield return string.Create(Culture, $"  tokens    about {tokens / Math.Max(1, updates):N0} an update, {tokens:N0} in all");
            yield return string.Create(
                Culture,
                $"  time      about {Clock.Words(seconds)} ({seconds / Math.Max(1, updates):g2} s an update), and "
                    + $"{Clock.Words(stage.SecondsApart)} around it; evaluations in between not counted"
            );
        }
        else if (stage.NotTried is null)
        {
            yield return $"  time      about {Clock.Words(stage.SecondsApart)}";
        }

        if (stage.NotTried is null)
        {
            yield return string.Create(Culture, $"  memory    {stage.PeakGiB:0.0} GiB so far");
        }

        if (stage.NotTried is { } reason)
        {
            yield return $"  not tried {reason}";
        }
    }
}
