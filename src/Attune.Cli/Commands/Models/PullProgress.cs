using System.Globalization;
using Attune.Cli.Screens;
using Attune.Models.Hub;
using Spectre.Console;

namespace Attune.Cli.Commands.Models;

/// <summary>Tells how far a download is: a line for each file and each quarter of it.</summary>
internal sealed class PullProgress
{
    private string _shown = "";

    public void Show(HubProgress progress)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.File} {(progress.Size > 0 ? 4 * progress.Received / progress.Size.Value * 25 : 100)} %"
        );
        if (line != _shown)
        {
            Terminal.Messages.MarkupLineInterpolated($"[grey]{_shown = line}[/]");
        }
    }
}
