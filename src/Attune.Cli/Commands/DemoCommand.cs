using System.CommandLine;
using System.Globalization;
using Attune.Recipes.Binding;

namespace Attune.Cli.Commands;

/// <summary><c>attune demo</c></summary>
internal static class DemoCommand
{
    private const int DefaultComparisons = 20;

    private static readonly Option<string> Folder = Arguments.Out("runs/demo");
    private static readonly Option<int?> AskMe = new("--ask-me")
    {
        Description = $"answer N comparisons yourself ({DefaultComparisons} if N is left out); your labels join the simulated ones",
        HelpName = "N",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string[]> Set = Arguments.Set();
    private static readonly Option<bool> Resume = Arguments.Resume();
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<bool> DryRun = Arguments.DryRun();

    public static Command Create()
    {
        var command = new Command(
            "demo",
            "Run the three phases end to end, in two to three minutes on two cores. "
                + "It fine-tunes the embedded model on demonstrations, collects preferences from simulated annotators (or from you), "
                + "trains reward models, aligns the model by PPO and writes a report.\n\n"
                + "Examples:\n"
                + "  attune demo\n"
                + "  attune demo --ask-me 10 --out runs/mine"
        )
        {
            Folder,
            AskMe,
            Set,
            Resume,
            Seed,
            DryRun,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var node = RecipeFile.Read(Path.Combine(AppContext.BaseDirectory, "recipes", "demo.yaml"));
        node = node.Set("seed", parsed.GetValue(Seed).ToString(CultureInfo.InvariantCulture), "--seed");
        if (parsed.GetResult(AskMe) is not null)
        {
            var count = (parsed.GetValue(AskMe) ?? DefaultComparisons).ToString(CultureInfo.InvariantCulture);
            node = node.Set("preferences.ask_me", count, "--ask-me");
        }

        node = RunCommand.Overridden(node, parsed.GetValue(Set) ?? []);
        var folder = parsed.GetRequiredValue(Folder);
        var launch = new Launch(parsed.GetValue(Resume), null, parsed.GetValue(DryRun));
        return RunLauncher.LaunchAsync(node, folder, launch, RunCommand.AsksPerson(node), cancel);
    }
}
