using System.CommandLine;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Feedback;
using Attune.Frontier;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Reports.Frontier;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune frontier RECIPE</c></summary>
internal static class FrontierCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string>("recipe") { Description = "a YAML frontier: base, exam and methods", HelpName = "RECIPE.yaml" };
        var folder = new Option<string?>("--out")
        {
            Description = "folder for the board and its cells (default runs/RECIPE)",
            HelpName = "DIR",
        };
        var (set, resume, json) = (Arguments.Set(), Arguments.Resume(), Arguments.Json("print the board as JSON"));
        var command = new Command(
            "frontier",
            "Compare methods: gold and proxy reward against KL over a sweep of settings and seeds. "
                + "Methods are ranked at equal KL, with the exact posterior or a best-of-n estimate as the limit, "
                + "and over-optimisation is marked. Finished cells are not run again: to extend a board, "
                + "add settings, methods or seeds to the recipe and give --resume.\n\n"
                + "Example: attune frontier recipes/frontier-tiny.yaml --out runs/board"
        )
        {
            recipe,
            folder,
            set,
            resume,
            json,
        };
        command.SetAction(
            (parsed, cancel) =>
            {
                var path = parsed.GetRequiredValue(recipe);
                var plan = FrontierPlan.Of(RunCommand.Overridden(RecipeFile.Read(path), parsed.GetValue(set) ?? []));
                var target = parsed.GetValue(folder) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path));
                return RunAsync(plan, target, parsed.GetValue(resume), parsed.GetValue(json), path, cancel);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(
        FrontierPlan plan,
        string folder,
        bool resume,
        bool json,
        string recipe,
        CancellationToken cancel
    )
    {
        RequireFree(folder, resume);
        NativeSetup.LoadTorch();
        Task<FrontierBoard> Work(IRunScreen screen) =>
            new FrontierRun(plan, folder, screen) { Stores = new FeedbackStores() }.RunAsync(cancel);
        try
        {
            var board = await ProgressScreen.WatchAsync(Work);
            if (json)
            {
                Console.Out.Write(File.ReadAllText(Path.Combine(folder, "frontier.json")));
            }
            else
            {
                FrontierTables.Show(board, folder);
            }

            return board.Failures.IsEmpty ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            Terminal.Messages.MarkupLineInterpolated(
                $"[yellow]stopped[/]; everything so far is kept. To continue: attune frontier {recipe} --out {folder} --resume"
            );
            return 130;
        }
    }

    private static void RequireFree(string folder, bool resume)
    {
        var holds = File.Exists(Path.Combine(folder, "frontier.yaml"));
        if (holds && !resume)
        {
            throw new AttuneException($"{folder} holds a frontier already. Add --resume to continue it, or choose another --out.");
        }

        if (!holds && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new AttuneException($"{folder} is not empty and holds no frontier. Choose an empty or new folder for --out.");
        }
    }
}
