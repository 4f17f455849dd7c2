using Attune.Core;
using Attune.Core.Files;

namespace Attune.Cli.Commands;

/// <summary>Folders that runs are begun in and continued in.</summary>
internal static class RunFolders
{
    /// <summary>Writes what was asked for into a new folder; a run that is there is only continued unchanged.</summary>
    /// <param name="file">Holds what was asked for, and marks the folder as a run's.</param>
    /// <param name="what">That is in the file, for messages: "recipe", "settings".</param>
    /// <param name="proceed">Makes a run that is there ready to go on; null where it only goes on unchanged.</param>
    /// <returns>Whether the folder is new, so that everything in it is this run's.</returns>
    public static bool Prepare(string folder, string file, string asked, string what, bool resume, Action? proceed = null)
    {
        if (File.Exists(folder))
        {
            throw new AttuneException($"{folder} is a file; expected an empty or new folder for --out.");
        }

        if (File.Exists(file))
        {
            if (!resume)
            {
                throw new AttuneException($"{folder} holds a run already. Add --resume to continue it, or choose another --out.");
            }

            if (proceed is not null)
            {
                proceed();
            }
            else if (File.ReadAllText(file) != asked)
            {
                throw new AttuneException(
                    $"{file} differs from the {what} given now; a run can only be resumed unchanged. Choose another --out for a new run."
                );
            }

            return false;
        }

        if (resume)
        {
            throw new AttuneException(
                $"{folder} holds no run to continue. Leave --resume out to begin one there, or name the run's folder with --out."
            );
        }

        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(e => !AtomicFile.IsLeftover(e)))
        {
            throw new AttuneException($"{folder} is not empty and holds no run. Choose an empty or new folder for --out.");
        }

        AtomicFile.WriteText(file, asked);
        return true;
    }
}
