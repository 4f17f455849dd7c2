using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Recipes.Running;

namespace Attune.Recipes;

/// <summary>
/// A run folder, new or empty, about to be used. A run that fails before it achieved anything should leave it as it was, so that the
/// same command can be given again with the mistake mended.
/// </summary>
public sealed class NewRunFolder(string folder)
{
    private readonly bool _existed = Directory.Exists(folder);

    /// <summary>Names of further files that show that something was achieved, wherever in the folder they are.</summary>
    public ImmutableHashSet<string> Work { get; init; } = [];

    /// <summary>
    /// Takes everything out again, unless there is an event, a finished stage, a checkpoint or an answer of a person by now.
    /// </summary>
    public void Remove()
    {
        var events = new FileInfo(new RunFolder(folder).EventsFile);
        if (!Directory.Exists(folder) || events is { Exists: true, Length: > 0 } || HoldsWork())
        {
            return;
        }

        try
        {
            foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories())
            {
                inner.Delete(recursive: true);
            }

            foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            {
                file.Delete();
            }

            if (!_existed)
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // What went wrong before matters more than what is left of it.
        }
    }

    private bool HoldsWork() =>
        Directory
            .EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .Select(e => Path.GetFileName(e))
            .Any(name =>
                Work.Contains(name)
                || name is Run.DoneFile or AnswerJournal.FileName or QuestionJournal.QuestionsFile
                || name.StartsWith("checkpoint-", StringComparison.Ordinal)
            );
}
