using System.CommandLine;
using System.Globalization;
using Attune.Recipes.Binding;

namespace Attune.Cli.Commands;

/// <summary><c>attune demo</c></summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var folder = Arguments.Out("runs/demo");
        var askMe = new Option<int?>("--ask-me")
        {
            Description = "answer this many comparisons yourself [20 if no number is given]; your labels join the simulated ones",
            HelpName = "N",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var (set, resume, seed) = (Arguments.Set(), Arguments.Resume(), Arguments.Seed());
        var command = new Command(
            "demo",
            "The three phases end to end, in under four minutes on two cores: fine-tune the embedded model on demonstrations, "
                + "collect preferences from "
                + "simulated annotators (or from you), train reward models, align by PPO, and report.\n\nExamples:\n  attune "
                + "demo\n  attune demo --ask-me 10 --out runs/mine"
        )
        {
            folder,
            askMe,
            set,
            resume,
            seed,
        };
        command.SetAction(
            (parsed, cancel) =>
            {
                var node = RecipeFile.Read(Path.Combine(AppContext.BaseDirectory, "recipes", "demo.yaml"));
                node = node.Set("seed", parsed.GetValue(seed).ToString(CultureInfo.InvariantCulture), "--seed");
                if (parsed.GetResult(askMe) is not null)
                {
                    node = node.Set(
                        "preferences.ask_me",
                        (parsed.GetValue(askMe) ?? 20).ToString(CultureInfo.InvariantCulture),
                        "--ask-me"
                    );
                }

                node = RunCommand.Overridden(node, parsed.GetValue(set) ?? []);
                return RunLauncher.LaunchAsync(
                    node,
                    parsed.GetValue(folder)!,
                    parsed.GetValue(resume),
                    RunCommand.AsksPerson(node),
                    cancel
                );
            }
        );
        return command;
    }
}
