using System.Globalization;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;

namespace Attune.Recipes.Running;

/// <summary>
/// Where the event log stood when a piece of work began, kept in the work's own folder: what was killed before its first checkpoint
/// begins anew, and its first attempt must leave no lines behind.
/// </summary>
internal static class LogPosition
{
    private const string FileName = "log-position";

    /// <summary>Notes the position the first time, and cuts the log back to it every other time.</summary>
    public static void Return(EventLog log, string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, (log.NextSequence - 1).ToString(CultureInfo.InvariantCulture));
            return;
        }

        log.TruncateAfter(
            long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
                ? position
                : throw new ModelFileException($"{path} is damaged; expected a whole number. Start again in an empty folder.")
        );
    }
}
