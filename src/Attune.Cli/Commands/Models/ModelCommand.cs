using System.CommandLine;
using Attune.Core;
using Attune.Models.Files;

namespace Attune.Cli.Commands.Models;

/// <summary><c>attune model</c></summary>
internal static class ModelCommand
{
    public static Command Create() =>
        new("model", "Describe, download, import, export and merge models.")
        {
            InfoCommand.Create(),
            PullCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            MergeCommand.Create(),
        };

    /// <returns>The folder.</returns>
    /// <exception cref="AttuneException">It holds something.</exception>
    internal static string RequireEmpty(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()
            ? throw new AttuneException($"{folder} is not empty. Choose a new folder for --out.")
            : folder;

    internal static WeightType WeightTypeOf(string word) => word == "bf16" ? WeightType.BF16 : WeightType.F32;
}
