using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using System.Globalization;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Files;
using Attune.Feedback;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>
/// People in the annotation app, who answer while a run waits. Their answers are frozen at its end, so that models can name whose they are.
/// </summary>
internal sealed class StorePeople : IAsyncDisposable
{
    private const string NameFile = "asked-as.txt";
    private readonly FeedbackStore _store;
    private readonly ProjectInfo _project;
    private readonly StoreFeedbackSource _source;

    private StorePeople(FeedbackStore store, ProjectInfo project, string run, TimeSpan poll) =>
        (_store, _project, _source) = (store, project, new StoreFeedbackSource(store, project, run, poll));

    public IFeedbackSource Source => _source;

    /// <exception cref="AttuneException">There is no such store, or no such project in it.</exception>
    public static async Task<StorePeople> OpenAsync(
        string database,
        string project,
        TimeSpan poll,
        StageContext room,
        CancellationToken cancel
    )
    {
        var store = await FeedbackStore.OpenAsync(new StoreOptions(database) { Create = false }, cancel);
        try
        {
            return new StorePeople(store, await store.Projects.RequireAsync(project, cancel), NameOf(room), poll);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The answers to this run's questions as a snapshot, handed on in place of the plain file of preferences; taken once, also by a run
    /// that is resumed.
    /// </summary>
    public async Task FreezeAsync(IEnumerable<Question> questions, StageContext room, CancellationToken cancel)
    {
        var options = new SnapshotOptions { HeldOut = 0, Tasks = await _source.TasksOfAsync(questions, cancel) };
        var (folder, manifest) = await StoreSnapshot.FreezeOnceAsync(_store, _project, options, room, cancel);
        room.Artifacts = room.Artifacts with { Preferences = Path.Combine(folder, "train.jsonl") };
        room.Screen.Note(
            string.Create(
                CultureInfo.InvariantCulture,
                $"learned from the snapshot {manifest.Sha256[..12]} of project '{manifest.Project}': {manifest.Labels} answers "
                    + $"of {manifest.Annotators.Length} people ({folder})"
            )
        );
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    /// <summary>
    /// The run's name in the store: the same when it is resumed, another for a run that begins anew in a folder of the same name.
    /// </summary>
    private static string NameOf(StageContext room)
    {
        var file = Path.Combine(room.Folder, NameFile);
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(room.Folder);
            AtomicFile.WriteText(
                file,
                $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(room.Folder)))}-{Guid.NewGuid().ToString("N")[..12]}"
            );
        }

        return File.ReadAllText(file);
    }
}
