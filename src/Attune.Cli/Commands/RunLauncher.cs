using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Files;
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
        bool resume,
        bool asksPerson,
        CancellationToken cancel
    )
    {
        var recipe = Recipe.Bind(node);
        var unbegun = new NewRunFolder(folder);
        var fresh = PrepareFolder(recipe, folder, resume);
        try
        {
            var person = asksPerson ? new TerminalPerson(Terminal.Messages) : null;
            Task<RunResult> Work(IRunScreen screen) =>
                new Run(recipe, folder, screen, person) { Stores = new FeedbackStores(), LoadLibraries = NativeSetup.LoadTorch }.RunAsync(
                    cancel
                );
            // Live bars and questions cannot share a terminal.
            var result =
                asksPerson || Terminal.IsErrorRedirected || !Terminal.Messages.Profile.Capabilities.Interactive
                    ? await Work(new LineScreen(Terminal.Messages))
                    : await ProgressScreen.ShowAsync(Terminal.Messages, Work);
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

    /// <returns>Whether the folder is new, so that everything in it is this run's.</returns>
    private static bool PrepareFolder(Recipe recipe, string folder, bool resume)
    {
        var run = new RunFolder(folder);
        var resolved = RecipeWriter.Write(recipe);
        if (File.Exists(run.RecipeFile))
        {
            if (!resume)
            {
                throw new AttuneException($"{folder} holds a run already. Add --resume to continue it, or choose another --out.");
            }

            if (File.ReadAllText(run.RecipeFile) != resolved)
            {
                throw new AttuneException(
                    $"{run.RecipeFile} differs from the recipe given now; a run can only be resumed unchanged. "
                        + "Choose another --out for a new run."
                );
            }

            return false;
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(e => !AtomicFile.IsLeftover(e)))
        {
            throw new AttuneException($"{folder} is not empty and holds no run. Choose an empty or new folder for --out.");
        }

        AtomicFile.WriteText(run.RecipeFile, resolved);
        return true;
    }
}
