using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Feedback;
using Attune.Recipes;
using Attune.Recipes.Running;

namespace Attune.Cli.Commands;

/// <summary>A run that is tried in a folder of its own, which is gone afterwards, to say what the whole would take.</summary>
internal static class DryRun
{
    public static async Task<int> RunAsync(Recipe recipe, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("attune-dry-run-").FullName;
        try
        {
            await ProgressScreen.WatchAsync(screen =>
                new Run(recipe, folder, screen, person: null)
                {
                    Stores = new FeedbackStores(),
                    LoadLibraries = NativeSetup.LoadTorch,
                    IsDryRun = true,
                }.RunAsync(cancel)
            );
            throw new AttuneException("no stage of the recipe trains, so that there is nothing to estimate. Run it without --dry-run.");
        }
        catch (DryRunEndedException end)
        {
            foreach (var line in Lines(end.Estimate, recipe))
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

    internal static IEnumerable<string> Lines(DryRunEstimate estimate, Recipe recipe)
    {
        var culture = CultureInfo.InvariantCulture;
        yield return $"dry run of {estimate.Stage}: three rounds were tried, nothing is kept";
        if (estimate.Rows > 0)
        {
            yield return string.Create(culture, $"  rows      {estimate.Rows:N0} to learn from");
        }

        yield return string.Create(culture, $"  updates   {estimate.Updates:N0} in rounds of {estimate.ItemsPerRound:N0} items");
        yield return string.Create(
            culture,
            $"  tokens    about {estimate.TokensPerUpdate:N0} an update, {estimate.TokensPerUpdate * estimate.Updates:N0} in all"
        );
        yield return string.Create(
            culture,
            $"  time      about {Clock.Words(estimate.SecondsPerUpdate * estimate.Updates)} "
                + $"({estimate.SecondsPerUpdate:g2} s an update), evaluations not counted"
        );
        yield return string.Create(culture, $"  memory    {estimate.PeakGiB:0.0} GiB so far");
        var later = recipe.Stages.Length - 1 - recipe.Stages.ToList().FindIndex(s => s.Kind == estimate.Stage);
        if (recipe.Stages.Length > 1 && later > 0)
        {
            yield return string.Create(culture, $"  later     {later} stages that need what this one makes are not estimated");
        }
    }
}
