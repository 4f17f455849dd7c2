using System.CommandLine;
using Attune.Cli.Screens;
using Attune.Models.Hub;
using Spectre.Console;

namespace Attune.Cli.Commands.Models;

/// <summary><c>attune model pull</c></summary>
internal static class PullCommand
{
    private static readonly Argument<string> Model = new("name")
    {
        Description = "the model's name on the hub, with a revision other than main if you want one",
        HelpName = "OWNER/MODEL[@REVISION]",
    };
    private static readonly Option<string?> Target = new("--out")
    {
        Description = "folder for the model (default models/MODEL)",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Hub = new("--hub")
    {
        Description = "another hub or a mirror (default: HF_ENDPOINT from the environment, or the public hub)",
        HelpName = "URL",
    };

    public static Command Create()
    {
        var command = new Command(
            "pull",
            "Download a model from a hub. If the download is interrupted, the same command continues it; "
                + "files are checked against the hub's hashes.\n"
                + "For models that need a token, set the environment variable HF_TOKEN.\n\n"
                + "Examples:\n"
                + "  attune model pull openai-community/gpt2\n"
                + "  attune model pull Qwen/Qwen2.5-0.5B-Instruct@main --hub https://mirror.example.org"
        )
        {
            Model,
            Target,
            Hub,
        };
        command.SetAction(PullAsync);
        return command;
    }

    private static async Task<int> PullAsync(ParseResult parsed, CancellationToken cancel)
    {
        var wanted = HubName.Parse(parsed.GetRequiredValue(Model));
        var target = parsed.GetValue(Target) ?? Path.Combine("models", wanted.Model.Split('/')[^1]);
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        var hub = new ModelHub(
            http,
            HubCache.Address(parsed.GetValue(Hub)),
            Environment.GetEnvironmentVariable("HF_TOKEN"),
            TimeProvider.System
        );
        var pulled = await hub.PullAsync(wanted, target, new PullProgress().Show, cancel);
        Terminal.Messages.MarkupLineInterpolated(
            $"[green]pulled[/] {wanted.Model} at {pulled.Commit}: {pulled.Files.Length} files into {target}"
        );
        return 0;
    }
}
