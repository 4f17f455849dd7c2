using System.CommandLine;
using Attune.Cli.Screens;
using Attune.Core.Files;
using Attune.Recipes.Figures;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune figure NAME</c></summary>
internal static class FigureCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = string.Join(" or ", DocumentFigures.Names), HelpName = "NAME" };
        var file = new Option<string>("--out") { Description = "SVG file to write", HelpName = "FILE.svg", Required = true };
        var command = new Command("figure", "Compute a figure of the documentation.\n\nExample: attune figure over-optimisation --out docs/figures/over-optimisation.svg") { name, file };
        command.SetAction((parsed, _) =>
        {
            AtomicFile.WriteText(parsed.GetRequiredValue(file), DocumentFigures.Named(parsed.GetRequiredValue(name)).ToSvg());
            Terminal.Messages.MarkupLineInterpolated($"written: [bold]{parsed.GetRequiredValue(file)}[/]");
            return Task.FromResult(0);
        });
        return command;
    }
}
