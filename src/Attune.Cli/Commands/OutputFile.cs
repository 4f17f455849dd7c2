using System.CommandLine;
using Attune.Core;

namespace Attune.Cli.Commands;

/// <summary>Files that commands write: one that exists is replaced only where that is asked for.</summary>
internal static class OutputFile
{
    public static Option<bool> Force() => new("--force") { Description = "replace a file that exists" };

    /// <exception cref="AttuneException">One of the files exists and may not be replaced, or is a folder.</exception>
    public static void RequireNew(bool force, params string[] files)
    {
        foreach (var file in files)
        {
            if (Directory.Exists(file))
            {
                throw new AttuneException($"{file} is a folder; expected the name of a file for --out.");
            }

            if (!force && File.Exists(file))
            {
                throw new AttuneException($"{file} exists already. Add --force to replace it, or choose another --out.");
            }
        }
    }
}
