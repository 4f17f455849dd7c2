using System.CommandLine;
using Attune.Bench.Figures;
using Attune.Cli.Screens;
using Attune.Core.Files;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune figure NAME</c></summary>
internal static class FigureCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name")
        {
            Description = string.Join(" or ", [.. DocumentFigures.Names, PrecisionFigure.Name]),
            HelpName = "NAME",
        };
        var file = new Option<string>("--out")
        {
            Description = "SVG file to write",
            HelpName = "FILE.svg",
            Required = true,
        };
        var force = OutputFile.Force();
        var runs = new Option<string?>("--runs") { Description = "folder of the runs that the figure precision shows", HelpName = "DIR" };
        var command = new Command(
            "figure",
            "Compute a figure of the documentation.\n\nExample: attune figure over-optimisation --out docs/figures/over-optimisation.svg"
        )
        {
            name,
            file,
            force,
            runs,
        };
        command.SetAction(
            (parsed, _) =>
            {
                OutputFile.RequireNew(parsed.GetValue(force), parsed.GetRequiredValue(file));
                var wanted = parsed.GetRequiredValue(name);
                var sheet = wanted == PrecisionFigure.Name ? PrecisionFigure.Of(parsed.GetValue(runs)) : DocumentFigures.Named(wanted);
                AtomicFile.WriteText(parsed.GetRequiredValue(file), sheet.ToSvg());
                Terminal.Messages.MarkupLineInterpolated($"written: [bold]{parsed.GetRequiredValue(file)}[/]");
                return Task.FromResult(0);
            }
        );
        return command;
    }
}
