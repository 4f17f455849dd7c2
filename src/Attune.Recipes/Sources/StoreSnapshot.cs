using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>Labels that people gave in the annotation app: frozen once for a run, however often it is resumed.</summary>
internal static class StoreSnapshot
{
    private const string Training = "train.jsonl";
    private const string HeldOut = "held-out.jsonl";

    /// <summary>What a stage lacks to read from a store or to ask through it, each one sentence.</summary>
    public static IEnumerable<string> Missing(string stage, string database, string? project)
    {
        if (project is null)
        {
            yield return $"{stage}.project is missing: which project of the store?";
        }
        if (!DatabaseAddress.IsPostgreSql(database) && !File.Exists(database))
        {
            yield return $"{stage}.database: {database} does not exist; expected a feedback store, as `attune serve` and `attune feedback "
                + "import` make.";
        }
    }

    /// <summary>Freezes a project's labels and makes them the stage's preferences.</summary>
    public static async Task<StageResult> TakeAsync(
        string kind,
        string database,
        string project,
        double heldOut,
        StageContext context,
        CancellationToken cancel
    )
    {
        var clock = Stopwatch.StartNew();
        await using var stored = await context.OpenStoreAsync(database, project, cancel);
        var selection = new SnapshotSelection { HeldOut = heldOut, Seed = context.Seed.For("split").Value };
        var (folder, manifest) = await FreezeOnceAsync(stored, selection, context, cancel);
        manifest.Verify(folder);
        context.Artifacts = context.Artifacts with
        {
            Preferences =
                Place(Training)
                ?? throw new AttuneException($"every prompt of project '{project}' fell into the held-out part; lower test_split."),
            HeldOutPreferences = Place(HeldOut),
            Utility = null,
        };
        context.Screen.Note(
            $"snapshot {manifest.Sha256[..12]} of project '{manifest.Project}': {manifest.Labels} labels of "
                + $"{manifest.Annotators.Length} people on {manifest.Prompts} prompts"
        );
        return new StageResult(
            kind,
            clock.Elapsed.TotalSeconds,
            new Dictionary<string, double>
            {
                ["labels"] = Rows(Training),
                ["held_out_labels"] = Rows(HeldOut),
                ["prompts"] = manifest.Prompts,
                ["annotators"] = manifest.Annotators.Length,
            }
        );

        string? Place(string name) => manifest.Files.Any(f => f.Name == name) ? Path.Combine(folder, name) : null;
        double Rows(string name) => manifest.Files.FirstOrDefault(f => f.Name == name)?.Rows ?? 0;
    }

    /// <summary>The stage's snapshot: taken now, or before the run was stopped.</summary>
    public static async Task<(string Folder, SnapshotManifest Manifest)> FreezeOnceAsync(
        IStoredProject project,
        SnapshotSelection selection,
        StageContext context,
        CancellationToken cancel
    )
    {
        var folder = Path.Combine(context.Folder, "snapshot");
        if (File.Exists(Path.Combine(folder, SnapshotManifest.FileName)))
        {
            return (folder, SnapshotManifest.Read(folder));
        }
        // Without a manifest it is the half-written snapshot of a run that was killed.
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        return (folder, await project.FreezeAsync(folder, selection, cancel));
    }
}
