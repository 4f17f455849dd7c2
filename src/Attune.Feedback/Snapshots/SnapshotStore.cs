using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Snapshots;

/// <summary>
/// Frozen sets of labels. A snapshot is a folder: train.jsonl and held-out.jsonl for `attune reward` and the other stages that learn from
/// labels, labels.jsonl with how each label came about, and manifest.json with the hashes of all files. It is never changed.
/// </summary>
public sealed class SnapshotStore
{
    private readonly StoreDatabase _database;
    private readonly ProjectCatalog _projects;

    internal SnapshotStore(StoreDatabase database, ProjectCatalog projects) => (_database, _projects) = (database, projects);

    /// <summary>
    /// Freezes a project's labels as they stand. Where a manager decided a task, the decision counts in place of its labels.
    /// </summary>
    /// <exception cref="AttuneException">The folder is not empty, or the project has no usable labels yet.</exception>
    public async Task<SnapshotManifest> CreateAsync(Guid project, string folder, SnapshotOptions options, CancellationToken cancel)
    {
        var info = await _projects.RequireAsync(project, cancel);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new AttuneException($"{folder} is not empty; a snapshot is never changed. Choose a new folder.");
        }
        var (labels, head) = await _database.ReadAsync(db => new SnapshotReader(db, info, options).ReadAsync(cancel));
        if (labels.IsEmpty)
        {
            throw new AttuneException($"project '{info.Name}' has no usable labels yet; nothing was written.");
        }
        var manifest = Describe(info, labels, SnapshotFolder.Write(folder, labels, options), options) with
        {
            AuditSequence = head.Sequence,
            AuditHash = head.Hash,
        };
        manifest = manifest with { Sha256 = manifest.Compute() };
        manifest.Write(folder);
        try
        {
            await RegisterAsync(info, manifest, folder, labels, cancel);
            return manifest;
        }
        catch
        {
            // Erasing a person names the snapshots that hold their labels, so the store must know every snapshot.
            SnapshotFolder.Delete(folder, manifest);
            throw;
        }
    }

    /// <summary>The models that learned from someone's labels, as far as the store and the snapshots' folders know.</summary>
    public Task<IReadOnlyList<ShapedModel>> ShapedByAsync(Guid person, CancellationToken cancel) =>
        _database.ReadAsync(db => ShapedByAsync(db, person, cancel));

    internal static async Task<IReadOnlyList<ShapedModel>> ShapedByAsync(FeedbackContext db, Guid person, CancellationToken cancel)
    {
        var rows = await (
            from share in db.SnapshotPeople.AsNoTracking()
            join snapshot in db.Snapshots on share.SnapshotId equals snapshot.Id
            where share.PersonId == person
            select new { snapshot, share.Labels }
        ).ToListAsync(cancel);
        var uses = (await db.SnapshotUses.AsNoTracking().ToListAsync(cancel)).ToLookup(u => u.SnapshotSha256);
        return
        [
            .. rows.SelectMany(r =>
                    uses[r.snapshot.Sha256]
                        .Select(u => new SnapshotUse(u.SnapshotSha256, u.Run, u.Stage, u.Model))
                        .Concat(Provenance.Uses(r.snapshot.Folder))
                        .Distinct()
                        .Select(u => new ShapedModel(
                            u.Model,
                            u.Run,
                            u.Stage,
                            r.snapshot.Sha256,
                            r.Labels,
                            DateTimeOffset.FromUnixTimeMilliseconds(r.snapshot.CreatedAt)
                        ))
                )
                .OrderBy(m => m.Model, StringComparer.Ordinal),
        ];
    }

    private SnapshotManifest Describe(
        ProjectInfo project,
        ImmutableArray<SnapshotLabel> labels,
        ImmutableArray<SnapshotFile> files,
        SnapshotOptions options
    )
    {
        // A chat makes a label of each turn.
        SnapshotLabel[] distinct = [.. labels.DistinctBy(l => l.Id)];
        return new SnapshotManifest
        {
            Sha256 = "",
            Project = project.Name,
            ProjectId = project.Id.ToString(),
            Kind = StoreJson.Options.PropertyNamingPolicy!.ConvertName(project.Kind.ToString()),
            Labels = distinct.Length,
            Prompts = labels.Select(l => l.Label.Prompt.Key).Distinct().Count(),
            Annotators =
            [
                .. distinct
                    .GroupBy(l => l.Annotator)
                    .OrderBy(g => g.Key, StringComparer.Ordinal)
                    .Select(g => new SnapshotAnnotator(g.Key, g.Count())),
            ],
            Guidelines =
            [
                .. distinct
                    .Where(l => l.Guideline is not null)
                    .GroupBy(l => l.Guideline!.Value)
                    .OrderBy(g => g.Key.Number)
                    .Select(g => new SnapshotGuideline(g.Key.Number, g.Key.Sha256, g.Count())),
            ],
            Files = files,
            Filter = options.Describe(),
            Store = _database.Options.Place,
            AuditSequence = 0,
            AuditHash = "",
            CreatedAt = _database.Options.Time.GetUtcNow(),
        };
    }

    private Task<bool> RegisterAsync(
        ProjectInfo project,
        SnapshotManifest manifest,
        string folder,
        ImmutableArray<SnapshotLabel> labels,
        CancellationToken cancel
    )
    {
        var id = Guid.CreateVersion7(_database.Options.Time.GetUtcNow());
        var people = labels.DistinctBy(l => l.Id).CountBy(l => l.Person).ToArray();
        return _database.WriteAgainAsync(
            async writer =>
            {
                if (await writer.Db.Snapshots.AnyAsync(s => s.Id == id, cancel))
                {
                    return true;
                }
                writer.Db.Snapshots.Add(
                    new SnapshotRow
                    {
                        Id = id,
                        ProjectId = project.Id,
                        Sha256 = manifest.Sha256,
                        Folder = Path.GetFullPath(folder),
                        HighWater = manifest.AuditSequence,
                        Labels = manifest.Labels,
                        CreatedAt = writer.Now,
                    }
                );
                writer.Db.SnapshotPeople.AddRange(
                    people.Select(p => new SnapshotPersonRow
                    {
                        SnapshotId = id,
                        PersonId = p.Key,
                        Labels = p.Value,
                    })
                );
                var detail = new
                {
                    project = project.Id,
                    sha256 = manifest.Sha256,
                    labels = manifest.Labels,
                };
                writer.Audit(null, "snapshot.made", id, detail);
                return true;
            },
            cancel
        );
    }
}
