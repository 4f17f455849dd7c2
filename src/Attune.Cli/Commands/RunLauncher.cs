using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Feedback;
using Attune.Recipes;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary>What `run`, `demo` and the single stages share: a run folder, a screen, and a summary at the end.</summary>
internal static class RunLauncher
{
    /// <summary>Runs a recipe in a folder, new or (with resume) unfinished.</summary>
    public static async Task<int> LaunchAsync(
        OptionNode.Mapping node,
        string folder,
        Launch launch,
        bool asksPerson,
        CancellationToken cancel
    )
    {
        var recipe = Recipe.Bind(node);
        if (launch.IsDryRun)
        {
            return await DryRuns.RunAsync(recipe, cancel);
        }

        var unbegun = new NewRunFolder(folder);
        var fresh = RunFolders.Prepare(
            folder,
            new RunFolder(folder).RecipeFile,
            RecipeWriter.Write(recipe),
            "recipe",
            launch.Resumes,
            () => Proceed(folder, recipe, launch)
        );
        try
        {
            var person = asksPerson ? new TerminalPerson(Terminal.Messages) : null;
            Task<RunResult> Work(IRunScreen screen) =>
                new Run(recipe, folder, screen, person) { Stores = new FeedbackStores(), LoadLibraries = NativeSetup.LoadTorch }.RunAsync(
                    cancel
                );
            var result = await ProgressScreen.WatchAsync(Work, alone: !asksPerson);
            Summary.Show(result, folder);
            return 0;
        }
        catch (OperationCanceledException)
        {
            var command = $"attune run {Path.Combine(folder, "recipe.yaml")} --out {folder} --resume";
            Terminal.Messages.MarkupLineInterpolated($"[yellow]stopped[/]; everything so far is kept. To continue: {command}");
            return 130;
        }
        catch (Exception problem) when (fresh && problem is AttuneException or IOException or UnauthorizedAccessException)
        {
            unbegun.Remove();
            throw;
        }
    }

    private static void Proceed(string folder, Recipe recipe, Launch launch)
    {
        foreach (var remark in ContinuedRun.Prepare(folder, recipe, launch.From))
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]note[/] {remark}");
        }
    }
}

/// <summary>How a run begins: anew, or going on, and from where.</summary>
/// <param name="From">Updates of a checkpoint; null for the newest.</param>
/// <param name="IsDryRun">Whether it only says what it would take.</param>
internal sealed record Launch(bool Resumes, long? From, bool IsDryRun = false);
