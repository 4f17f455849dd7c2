using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
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
    /// <summary>What a recipe's stage lacks to read a store or to ask through it.</summary>
    public static IEnumerable<string> Missing(string stage, string database, string? project)
    {
        if (project is null)
        {
            yield return $"{stage}.project is missing: which project of the store?";
        }
        if (!new StoreOptions(database).IsPostgreSql && !File.Exists(database))
        {
            yield return $"{stage}.database: {database} does not exist; expected a feedback store, as `attune serve` and `attune feedback "
                + "import` make.";
        }
    }

    public static async Task<StageResult> TakeAsync(
        string kind,
        string database,
        string project,
        double heldOut,
        StageContext room,
        CancellationToken cancel
    )
    {
        var clock = Stopwatch.StartNew();
        await using var store = await FeedbackStore.OpenAsync(new StoreOptions(database) { Create = false }, cancel);
        var info = await store.Projects.RequireAsync(project, cancel);
        var (folder, manifest) = await FreezeOnceAsync(
            store,
            info,
            new SnapshotOptions { HeldOut = heldOut, Seed = room.Seed.For("split").Value },
            room,
            cancel
        );
        manifest.Verify(folder);
        room.Artifacts = room.Artifacts with
        {
            Preferences =
                Place("train.jsonl")
                ?? throw new AttuneException($"every prompt of project '{project}' fell into the held-out part; lower test_split."),
            HeldOutPreferences = Place("held-out.jsonl"),
            Utility = null,
        };
        room.Screen.Note(
            $"snapshot {manifest.Sha256[..12]} of project '{manifest.Project}': {manifest.Labels} labels of "
                + $"{manifest.Annotators.Length} people on {manifest.Prompts} prompts"
        );
        return new StageResult(
            kind,
            clock.Elapsed.TotalSeconds,
            new Dictionary<string, double>
            {
                ["labels"] = Rows("train.jsonl"),
                ["held_out_labels"] = Rows("held-out.jsonl"),
                ["prompts"] = manifest.Prompts,
                ["annotators"] = manifest.Annotators.Length,
            }
        );

        string? Place(string name) => manifest.Files.Any(f => f.Name == name) ? Path.Combine(folder, name) : null;
        double Rows(string name) => manifest.Files.FirstOrDefault(f => f.Name == name)?.Rows ?? 0;
    }

    /// <summary>The stage's snapshot: taken now, or the one that was taken before the run was stopped.</summary>
    public static async Task<(string Folder, SnapshotManifest Manifest)> FreezeOnceAsync(
        FeedbackStore store,
        ProjectInfo project,
        SnapshotOptions options,
        StageContext room,
        CancellationToken cancel
    )
    {
        var folder = Path.Combine(room.Folder, "snapshot");
        if (File.Exists(Path.Combine(folder, SnapshotManifest.FileName)))
        {
            return (folder, SnapshotManifest.Read(folder));
        }
        // What a kill in the middle left behind.
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        return (folder, await store.Snapshots.CreateAsync(project.Id, folder, options, cancel));
    }
}
