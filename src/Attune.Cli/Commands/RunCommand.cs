using System.CommandLine;
using Attune.Recipes.Binding;

namespace Attune.Cli.Commands;

/// <summary><c>attune run RECIPE</c></summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var recipe = new Argument<string>("recipe") { Description = "a YAML recipe", HelpName = "RECIPE.yaml" };
        var folder = new Option<string?>("--out") { Description = "folder for the run (default runs/RECIPE)", HelpName = "DIR" };
        var model = new Option<string?>("--model") { Description = "start from this model instead of the recipe's", HelpName = "DIR" };
        var (set, tracking, resume) = (Arguments.Set(), Arguments.Tracking(), Arguments.Resume());
        var (from, dryRun) = (Arguments.ResumeFrom(), Arguments.DryRun());
        var command = new Command(
            "run",
            "Run the stages of a recipe, one after another.\n\n"
                + "Example: attune run recipes/demo.yaml --out runs/first --set ppo.kl_coefficient=0.1"
        )
        {
            recipe,
            folder,
            model,
            set,
            tracking,
            resume,
            from,
            dryRun,
        };
        command.SetAction(
            (parsed, cancel) =>
            {
                var path = parsed.GetRequiredValue(recipe);
                var node = Overridden(RecipeFile.Read(path), parsed.GetValue(set) ?? []).SetTracking(parsed.GetValue(tracking));
                if (parsed.GetValue(model) is { } start)
                {
                    node = node.Set("model", new OptionNode.Scalar(start, Plain: false, Place.Of("--model")));
                }

                var target = parsed.GetValue(folder) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path));
                var launch = Arguments.LaunchOf(parsed, resume, from, dryRun);
                return RunLauncher.LaunchAsync(node, target, launch, AsksPerson(node), cancel);
            }
        );
        return command;
    }

    internal static OptionNode.Mapping Overridden(OptionNode.Mapping node, IEnumerable<string> assignments) =>
        assignments.Aggregate(node, (tree, assignment) => tree.Assign(assignment, "--set"));

    internal static bool AsksPerson(OptionNode.Mapping node) =>
        node.At("preferences.ask_me") is OptionNode.Scalar { Text: not "0" }
        || node.At("online.source") is OptionNode.Scalar { Text: "person" };
}
