using System.CommandLine;
using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Reports.Control;
using Spectre.Console;

namespace Attune.Cli.Commands.Control;

/// <summary><c>attune control watch AGENT</c></summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var agent = new Argument<string>("agent") { Description = "agent.json of a run's seed", HelpName = "AGENT.json" };
        var episodes = Arguments.Count("--episodes", "episodes to play", 3);
        var seed = new Option<long>("--seed") { Description = "of the first episode (default 0)", HelpName = "N" };
        var file = Arguments.Target("page to write", "FILE.html");
        var force = OutputFile.Force();
        var command = new Command(
            "watch",
            "Play episodes with a trained agent and draw them in a page.\n\n"
                + "Example: attune control watch runs/cartpole/seed-0/agent.json --out cartpole.html"
        )
        {
            agent,
            episodes,
            seed,
            file,
            force,
        };
        command.RequireAtLeast(episodes, 1);
        command.SetAction(
            (parsed, _) =>
            {
                OutputFile.RequireNew(parsed.GetValue(force), parsed.GetRequiredValue(file));
                return Play(
                    parsed.GetRequiredValue(agent),
                    parsed.GetValue(seed),
                    parsed.GetValue(episodes),
                    parsed.GetRequiredValue(file)
                );
            }
        );
        return command;
    }

    private static Task<int> Play(string agent, long seed, int episodes, string file)
    {
        NativeSetup.LoadTorch();
        var (player, name) = ControlAgentFile.Read(agent);
        using var used = player;
        var shown = Enumerable.Range(0, episodes).Select(i => Episode(player, EnvironmentCatalog.Make(name), seed + i)).ToArray();
        ControlReport.WriteEpisodes(file, name, shown);
        foreach (var (i, episode) in shown.Index())
        {
            Console.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"seed {seed + i}: return {episode.Rewards.Sum():0.0} in {episode.Rewards.Length} steps"
                )
            );
        }

        Terminal.Messages.MarkupLineInterpolated($"page: [bold]{file}[/]");
        return Task.FromResult(0);
    }

    private static ShownEpisode Episode(ControlAgent agent, IEnvironment environment, long seed) =>
        ControlRuns.Shown(environment, agent.Play(environment, seed));
}
