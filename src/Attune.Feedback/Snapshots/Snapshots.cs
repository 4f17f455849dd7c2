using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Order;
using Attune.Feedback.Formats;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;
using Label = Attune.Core.Feedback.Label;

namespace Attune.Feedback;

/// <summary>Which labels a snapshot takes.</summary>
public sealed record SnapshotOptions
{
    /// <summary>Share of the prompts kept aside in held-out.jsonl.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>Decides which prompts; a prompt stays on its side when labels are added.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Take labels that came after their place was given to someone else, too.</summary>
    public bool Surplus { get; init; }

    /// <summary>Leave out people who got less than this share of gold right; null for nobody.</summary>
    public double? LeastGoldAccuracy { get; init; }

    /// <summary>Leave out the strength, so that the reward model asks for the order alone.</summary>
    public bool WithoutMargin { get; init; }

    /// <summary>Take these tasks alone, such as the questions of one run; null for all.</summary>
    public ImmutableHashSet<Guid>? Tasks { get; init; }

    internal string Words =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"held out {HeldOut}, seed {Seed}, {(Surplus ? "with" : "without")} surplus, {(WithoutMargin ? "without" : "with")} "
                + $"margins, gold accuracy {(LeastGoldAccuracy is { } least ? $"at least {least}" : "not asked")}"
                + $"{(Tasks is null ? "" : $", {Tasks.Count} tasks alone")}"
        );
}

/// <summary>
/// Frozen sets of labels, the only thing that training reads. A snapshot is a folder: train.jsonl and held-out.jsonl for `attune reward`
/// and its kin, labels.jsonl with how each label came about, and manifest.json with hashes of everything. It is never changed.
/// </summary>
public sealed class Snapshots
{
    private readonly FeedbackStore _store;

    internal Snapshots(FeedbackStore store) => _store = store;

    /// <summary>
    /// Freezes a project's labels as they stand. Where a manager decided a task, the decision counts in place of its labels.
    /// </summary>
    /// <exception cref="AttuneException">The folder is not empty, or no label says anything to learn.</exception>
    public async Task<SnapshotManifest> CreateAsync(Guid project, string folder, SnapshotOptions options, CancellationToken cancel)
    {
        var info = await _store.Projects.FindAsync(project, cancel) ?? throw new AttuneException($"there is no project {project}.");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new AttuneException($"{folder} is not empty; a snapshot is never changed. Choose a new folder.");
        }
        var (labels, head) = await _store.ReadAsync(db => ReadAsync(db, info, options, cancel));
        if (labels.IsEmpty)
        {
            throw new AttuneException($"project '{info.Name}' has no label that says anything to learn yet; nothing was written.");
        }
        Directory.CreateDirectory(folder);
        var files = Write(folder, labels, options);
        var manifest = new SnapshotManifest
        {
            Sha256 = "",
            Project = info.Name,
            ProjectId = info.Id.ToString(),
            Kind = StoreJson.Options.PropertyNamingPolicy!.ConvertName(info.Kind.ToString()),
            Labels = labels.Select(l => l.Id).Distinct().Count(),
            Prompts = labels.Select(l => l.Feedback.Prompt.Key).Distinct().Count(),
            Annotators =
            [
                .. labels
                    .DistinctBy(l => l.Id)
                    .GroupBy(l => l.Annotator)
                    .OrderBy(g => g.Key, StringComparer.Ordinal)
                    .Select(g => new SnapshotAnnotator(g.Key, g.Count())),
            ],
            Guidelines =
            [
                .. labels
                    .DistinctBy(l => l.Id)
                    .Where(l => l.Guideline is not null)
                    .GroupBy(l => l.Guideline!.Value)
                    .OrderBy(g => g.Key.Number)
                    .Select(g => new SnapshotGuideline(g.Key.Number, g.Key.Sha256, g.Count())),
            ],
            Files = files,
            Filter = options.Words,
            Store = _store.Options.Place,
            AuditSequence = head.Sequence,
            AuditHash = head.Hash,
            CreatedAt = _store.Options.Time.GetUtcNow(),
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
            // A snapshot that the store does not know could not be named to whoever erases a person's labels.
            Discard(folder, manifest);
            throw;
        }
    }

    private static void Discard(string folder, SnapshotManifest manifest)
    {
        foreach (
            var file in manifest
                .Files.Select(f => f.Name)
                .Append(SnapshotManifest.FileName)
                .Select(f => Path.Combine(folder, f))
                .Where(File.Exists)
        )
        {
            File.SetAttributes(file, FileAttributes.Normal);
            File.Delete(file);
        }

        Directory.Delete(folder);
    }

    /// <summary>
    /// Notes in the store that a run learned from a snapshot; <see cref="Provenance.NoteUse"/> does so beside the snapshot.
    /// </summary>
    public Task NoteUseAsync(SnapshotUse use, CancellationToken cancel) =>
        _store.WriteAsync(
            async writer =>
            {
                if (
                    !await writer.Db.SnapshotUses.AnyAsync(
                        u => u.SnapshotSha256 == use.Snapshot && u.Run == use.Run && u.Stage == use.Stage,
                        cancel
                    )
                )
                {
                    writer.Db.SnapshotUses.Add(
                        new SnapshotUseRow
                        {
                            Id = writer.NewId(),
                            SnapshotSha256 = use.Snapshot,
                            Run = use.Run,
                            Stage = use.Stage,
                            Model = use.Model,
                            At = writer.Now,
                        }
                    );
                }
                return true;
            },
            cancel
        );

    /// <summary>The models that learned from someone's labels, as far as the store and the snapshots' folders know.</summary>
    public Task<IReadOnlyList<ShapedModel>> ShapedByAsync(Guid person, CancellationToken cancel) =>
        _store.ReadAsync(db => ShapedByAsync(db, person, cancel));

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

    /// <param name="Id">Of the revision, or of the decision.</param>
    private sealed record Taken(
        Guid Id,
        Guid Task,
        Guid Person,
        string Annotator,
        Label Feedback,
        Judgement Judgement,
        StandingLabel? Label,
        (int Number, string Sha256)? Guideline,
        string? Reason
    );

    private static async Task<(ImmutableArray<Taken> Labels, (long Sequence, string Hash) Head)> ReadAsync(
        FeedbackContext db,
        ProjectInfo project,
        SnapshotOptions options,
        CancellationToken cancel
    )
    {
        await using var view = await db.BeginViewAsync(cancel);
        var head = await db.ChainHeads.AsNoTracking().SingleAsync(cancel);
        var all = await LabelSet.LoadAsync(db, project.Id, cancel);
        var contents = await AllContents.LoadAsync(db, project.Id, cancel);
        var chats = project.Kind == ProjectKind.Chat ? await ChatPairs.LoadAsync(db, project.Id, contents, cancel) : null;
        var guidelines = await db
            .Guidelines.AsNoTracking()
            .Where(g => g.ProjectId == project.Id)
            .ToDictionaryAsync(g => g.Id, g => (g.Number, g.Sha256), cancel);
        var decisions = (
            await (
                from decision in db.Adjudications.AsNoTracking()
                join person in db.People on decision.PersonId equals person.Id
                where decision.ProjectId == project.Id
                orderby decision.At, decision.Id
                select new { decision, person.Pseudonym }
            ).ToListAsync(cancel)
        )
            .GroupBy(d => d.decision.TaskId)
            .ToDictionary(g => g.Key, g => g.Last());
        var unfit = Unfit(all, project.Settings, options.LeastGoldAccuracy);
        var labels = all.Where(l => l.TaskKind == TaskKind.Normal && (options.Surplus || !l.Surplus) && !unfit.Contains(l.PersonId))
            .ToLookup(l => l.TaskId);
        var taken = ImmutableArray.CreateBuilder<Taken>();
        foreach (var (task, content) in contents.Where(c => options.Tasks?.Contains(c.Task) != false))
        {
            if (decisions.TryGetValue(task, out var decided))
            {
                var judgement = StoreJson.Read<Judgement>(decided.decision.ValueJson);
                taken.AddRange(
                    JudgementFeedback
                        .Of(content, judgement, project.Settings, [])
                        .Select(f => new Taken(
                            decided.decision.Id,
                            task,
                            decided.decision.PersonId,
                            decided.Pseudonym,
                            f with
                            {
                                Annotator = decided.Pseudonym,
                            },
                            judgement,
                            null,
                            null,
                            decided.decision.Reason
                        ))
                );
                continue;
            }

            foreach (var label in labels[task])
            {
                var turns =
                    chats?.Turns(task, label.PersonId).Select(t => (t.Prompt, t.First.Text, t.Second.Text)).ToImmutableArray() ?? [];
                taken.AddRange(
                    JudgementFeedback
                        .Of(content, label.Judgement, project.Settings, turns)
                        .Select(f => new Taken(
                            label.RevisionId,
                            task,
                            label.PersonId,
                            label.Pseudonym,
                            f with
                            {
                                Annotator = label.Pseudonym,
                            },
                            label.Judgement,
                            label,
                            label.GuidelineVersionId is { } version ? guidelines[version] : null,
                            null
                        ))
                );
            }
        }

        return (taken.ToImmutable(), (head.Sequence, head.Hash));
    }

    private static HashSet<Guid> Unfit(ImmutableArray<StandingLabel> labels, ProjectSettings settings, double? least) =>
        least is null
            ? []
            :
            [
                .. labels
                    .Where(l => l.ExpectedJson is not null)
                    .GroupBy(l => l.PersonId)
                    .Where(g =>
                        g.Average(l => GoldCheck.IsRight(StoreJson.Read<Judgement>(l.ExpectedJson!), l.Judgement, settings) ? 1.0 : 0)
                        < least
                    )
                    .Select(g => g.Key),
            ];

    private static ImmutableArray<SnapshotFile> Write(string folder, ImmutableArray<Taken> labels, SnapshotOptions options)
    {
        var split = Split.ByKey(labels, l => l.Feedback.Prompt.Key, options.HeldOut, new Seed(options.Seed));
        var files = ImmutableArray.CreateBuilder<SnapshotFile>();
        foreach (var (name, side) in new[] { ("train.jsonl", split.Training), ("held-out.jsonl", split.HeldOut) })
        {
            if (side.IsEmpty)
            {
                continue;
            }
            var rows = TrainingRows.Write(
                Path.Combine(folder, name),
                side.Select(l => options.WithoutMargin && l.Feedback is Preference pair ? pair with { Margin = null } : l.Feedback)
            );
            files.Add(Frozen(folder, name, rows));
        }

        RowFile.Write(
            Path.Combine(folder, "labels.jsonl"),
            [
                .. labels.Select(l =>
                    System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                        new
                        {
                            id = l.Id,
                            task = l.Task,
                            annotator = l.Annotator,
                            prompt = l.Feedback.Prompt,
                            judgement = l.Judgement,
                            shown_order = l.Label?.Order,
                            guideline_version = l.Guideline?.Number,
                            surplus = l.Label?.Surplus,
                            at = l.Label?.At,
                            active_ms = l.Label?.ActiveMs,
                            decided_because = l.Reason,
                        },
                        StoreJson.Options
                    )
                ),
            ]
        );
        files.Add(Frozen(folder, "labels.jsonl", labels.Length));
        return files.ToImmutable();
    }

    private static SnapshotFile Frozen(string folder, string name, int rows)
    {
        var path = Path.Combine(folder, name);
        File.SetAttributes(path, File.GetAttributes(path) | FileAttributes.ReadOnly);
        return new SnapshotFile(name, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), rows);
    }

    private Task<bool> RegisterAsync(
        ProjectInfo project,
        SnapshotManifest manifest,
        string folder,
        ImmutableArray<Taken> labels,
        CancellationToken cancel
    )
    {
        var id = Guid.CreateVersion7(_store.Options.Time.GetUtcNow());
        return _store.WriteAgainAsync(
            async writer =>
            {
                if (await writer.Db.Snapshots.AnyAsync(s => s.Id == id, cancel))
                {
                    return true;
                }
                var row = new SnapshotRow
                {
                    Id = id,
                    ProjectId = project.Id,
                    Sha256 = manifest.Sha256,
                    Folder = Path.GetFullPath(folder),
                    HighWater = manifest.AuditSequence,
                    Labels = manifest.Labels,
                    CreatedAt = writer.Now,
                };
                writer.Db.Snapshots.Add(row);
                writer.Db.SnapshotPeople.AddRange(
                    labels
                        .DistinctBy(l => l.Id)
                        .GroupBy(l => l.Person)
                        .Select(g => new SnapshotPersonRow
                        {
                            SnapshotId = row.Id,
                            PersonId = g.Key,
                            Labels = g.Count(),
                        })
                );
                writer.Audit(
                    null,
                    "snapshot.made",
                    row.Id,
                    new
                    {
                        project = project.Id,
                        sha256 = manifest.Sha256,
                        labels = manifest.Labels,
                    }
                );
                return true;
            },
            cancel
        );
    }
}
