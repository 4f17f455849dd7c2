using System.Globalization;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Files;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>
/// People in the annotation app, who answer while a run waits. At the end of the run their answers are frozen, so that its models can name
/// the people behind them.
/// </summary>
internal sealed class StorePeople : IAsyncDisposable
{
    private const string NameFile = "asked-as.txt";
    private readonly IStoredProject _project;

    private StorePeople(IStoredProject project, string run, TimeSpan poll) => (_project, Source) = (project, project.AskAs(run, poll));

    public IFeedbackSource Source { get; }

    /// <exception cref="AttuneException">There is no such store, or no such project in it.</exception>
    public static async Task<StorePeople> OpenAsync(
        string database,
        string project,
        TimeSpan poll,
        StageContext context,
        CancellationToken cancel
    ) => new(await context.OpenStoreAsync(database, project, cancel), NameOf(context), poll);

    /// <summary>
    /// Freezes the answers to this run's questions as a snapshot, which replaces the plain file of preferences among the stage's artifacts.
    /// A resumed run uses the snapshot that was taken before.
    /// </summary>
    public async Task FreezeAsync(IEnumerable<Question> questions, StageContext context, CancellationToken cancel)
    {
        var (folder, manifest) = await StoreSnapshot.FreezeOnceAsync(
            _project,
            new SnapshotSelection { Questions = [.. questions] },
            context,
            cancel
        );
        context.Artifacts = context.Artifacts with { Preferences = Path.Combine(folder, "train.jsonl") };
        context.Screen.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"learned from the snapshot {manifest.Sha256[..12]} of project '{manifest.Project}': {manifest.Labels} answers "
                    + $"of {manifest.Annotators.Length} people ({folder})"
            )
        );
    }

    public ValueTask DisposeAsync() => _project.DisposeAsync();

    /// <summary>
    /// The run's name in the store: the same when the run is resumed, another for a new run in a folder of the same name.
    /// </summary>
    private static string NameOf(StageContext context)
    {
        var file = Path.Combine(context.Folder, NameFile);
        if (!File.Exists(file))
        {
            var folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(context.Folder)));
            AtomicFile.WriteText(file, $"{folder}-{Guid.NewGuid().ToString("N")[..12]}");
        }

        return File.ReadAllText(file);
    }
}
