using Attune.Core.Feedback;
using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;

namespace Attune.Feedback;

/// <summary>Opens stores for runs (<see cref="IFeedbackStores"/>).</summary>
public sealed class FeedbackStores : IFeedbackStores
{
    public async Task<IStoredProject> OpenAsync(string database, string project, CancellationToken cancel)
    {
        var store = await FeedbackStore.OpenAsync(new StoreOptions(database) { Create = false }, cancel);
        try
        {
            return new StoredProject(store, await store.Projects.RequireAsync(project, cancel));
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private sealed class StoredProject(FeedbackStore store, ProjectInfo project) : IStoredProject
    {
        public IFeedbackSource AskAs(string run, TimeSpan poll) => new StoreFeedbackSource(store, project, run, poll);

        public async Task<SnapshotManifest> FreezeAsync(string folder, SnapshotSelection selection, CancellationToken cancel)
        {
            var options = new SnapshotOptions { HeldOut = selection.HeldOut, Seed = selection.Seed };
            if (selection.Questions is { } questions)
            {
                options = options with { Tasks = await StoreFeedbackSource.TasksOfAsync(store, project, questions, cancel) };
            }
            return await store.Snapshots.CreateAsync(project.Id, folder, options, cancel);
        }

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}
