using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Feedback;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>Labels that people gave in the annotation app: frozen once for a run, however often it is resumed.</summary>
internal static class StoreSnapshot
{
    public static async Task<StageResult> TakeAsync(string kind, string database, string project, double heldOut, StageRoom room, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var folder = Path.Combine(room.Folder, "snapshot");
        var manifest = File.Exists(Path.Combine(folder, SnapshotManifest.FileName)) ? SnapshotManifest.Read(folder) : await FreezeAsync(database, project, heldOut, room, folder, cancel).ConfigureAwait(false);
        manifest.Verify(folder);
        room.Handover = room.Handover with { Preferences = Place("train.jsonl") ?? throw new AttuneException($"every prompt of project '{project}' fell into the held-out part; lower test_split."), HeldOutPreferences = Place("held-out.jsonl"), Utility = null };
        room.Note($"snapshot {manifest.Sha256[..12]} of project '{manifest.Project}': {manifest.Labels} labels of {manifest.Annotators.Length} people on {manifest.Prompts} prompts");
        return new StageResult(kind, clock.Elapsed.TotalSeconds, new Dictionary<string, double>
        {
            ["labels"] = Rows("train.jsonl"), ["held_out_labels"] = Rows("held-out.jsonl"), ["prompts"] = manifest.Prompts, ["annotators"] = manifest.Annotators.Length,
        });

        string? Place(string name) => manifest.Files.Any(f => f.Name == name) ? Path.Combine(folder, name) : null;
        double Rows(string name) => manifest.Files.FirstOrDefault(f => f.Name == name)?.Rows ?? 0;
    }

    private static async Task<SnapshotManifest> FreezeAsync(string database, string project, double heldOut, StageRoom room, string folder, CancellationToken cancel)
    {
        // What a kill in the middle left behind.
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        await using var store = await FeedbackStore.OpenAsync(new StoreOptions(database) { Create = false }, cancel).ConfigureAwait(false);
        var info = await store.Projects.RequireAsync(project, cancel).ConfigureAwait(false);
        return await store.Snapshots.CreateAsync(info.Id, folder, new SnapshotOptions { HeldOut = heldOut, Seed = room.Seed.For("split").Value }, cancel).ConfigureAwait(false);
    }
}
