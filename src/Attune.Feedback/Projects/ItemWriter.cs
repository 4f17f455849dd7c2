using System.Collections.Immutable;
using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Adds items to a project, inside one transaction: all of them, or none.</summary>
internal sealed class ItemWriter(StoreWriter writer, Guid? actor, Guid projectId)
{
    private readonly Dictionary<string, Guid> _annotators = new(StringComparer.Ordinal);

    private FeedbackContext Db => writer.Db;

    public async Task<AddedItems> RunAsync(IReadOnlyList<NewItem> items, CancellationToken cancel)
    {
        var project =
            await Db.Projects.AsNoTracking().SingleOrDefaultAsync(p => p.Id == projectId, cancel)
            ?? throw new AttuneException($"there is no project {projectId}.");
        var settings = project.ReadSettings();
        Check(items, project.Kind, settings);
        var fresh = await FreshAsync(items, cancel);
        var position = await Positions.TakeAsync(Db, projectId, fresh.Count, cancel);
        var labels = 0;
        foreach (var (index, (item, rows)) in fresh.Index())
        {
            Db.Items.Add(rows.Item);
            Db.Candidates.AddRange(rows.Candidates);
            var (task, slots) = AddTask(item, rows.Item, settings, position + index);
            foreach (var (label, slot) in item.Labels.Zip(slots))
            {
                AddLabel(task, slot, label, await AnnotatorAsync(label.Annotator, cancel));
                labels++;
            }
        }

        if (fresh.Count > 0)
        {
            writer.Audit(
                actor,
                "items.added",
                projectId,
                new
                {
                    first = position,
                    count = fresh.Count,
                    sha256 = AuditHash.Of(fresh.Select(f => (f.Rows.Item.Id, f.Rows.Item.ContentSha256))),
                }
            );
        }
        return new AddedItems(fresh.Count, items.Count - fresh.Count, labels);
    }

    private static void Check(IReadOnlyList<NewItem> items, ProjectKind kind, ProjectSettings settings)
    {
        var problems = new List<string>();
        foreach (var (index, item) in items.Index())
        {
            problems.AddRange(Problems(item, $"item {index + 1}", kind, settings));
            if (problems.Count >= 10)
            {
                break;
            }
        }

        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    private static IEnumerable<string> Problems(NewItem item, string name, ProjectKind kind, ProjectSettings settings)
    {
        var answers = item.Content.Candidates.Length;
        var fits = kind switch
        {
            ProjectKind.Chat => answers == 0,
            ProjectKind.Comparison => answers == 2,
            ProjectKind.Ranking or ProjectKind.BestOf => answers >= 2,
            _ => answers >= 1,
        };
        if (item.Expected is not null && !item.Labels.IsEmpty)
        {
            return [$"{name} is gold and brings labels; everyone answers a gold item themselves, so it cannot have both."];
        }
        if (!fits)
        {
            return [$"{name} has {answers} answers, which does not fit a project of kind {kind}."];
        }
        if (kind == ProjectKind.Steps && item.Content.Candidates[0].Steps.IsEmpty)
        {
            return [$"{name} has no steps; a project of kind {kind} rates them."];
        }
        if (kind == ProjectKind.Chat)
        {
            return [];
        }
        return item
            .Labels.Select(l => l.Judgement)
            .Append(item.Expected)
            .OfType<Judgement>()
            .SelectMany(j => JudgementRules.Problems(j, kind, settings, item.Content, 0))
            .Select(p => $"{name}: {p}");
    }

    private async Task<List<(NewItem Item, (ItemRow Item, ImmutableArray<CandidateRow> Candidates) Rows)>> FreshAsync(
        IReadOnlyList<NewItem> items,
        CancellationToken cancel
    )
    {
        var known = await Db
            .Items.Where(i => i.ProjectId == projectId)
            .Select(i => new { i.ExternalId, i.ContentSha256 })
            .ToListAsync(cancel);
        var (names, contents) = (
            known.Select(k => k.ExternalId).OfType<string>().ToHashSet(),
            known.Select(k => k.ContentSha256).ToHashSet()
        );
        var fresh = new List<(NewItem, (ItemRow Item, ImmutableArray<CandidateRow>))>();
        foreach (var item in items)
        {
            var rows = Contents.ToRows(item.Content, writer.NewId(), projectId);
            if (contents.Contains(rows.Item.ContentSha256) || (item.Content.ExternalId is { } name && names.Contains(name)))
            {
                continue;
            }
            contents.Add(rows.Item.ContentSha256);
            if (item.Content.ExternalId is { } own)
            {
                names.Add(own);
            }
            fresh.Add((item, rows));
        }

        return fresh;
    }

    private (TaskRow Task, ImmutableArray<SlotRow> Slots) AddTask(NewItem item, ItemRow row, ProjectSettings settings, long position)
    {
        var task = new TaskRow
        {
            Id = writer.NewId(),
            ProjectId = projectId,
            ItemId = row.Id,
            Kind = item.Expected is null ? TaskKind.Normal : TaskKind.Gold,
            Priority = item.Priority,
            Position = position,
            Quota = item.Expected is null ? Math.Max(settings.Quota, item.Labels.Length) : 0,
            ExpectedJson = item.Expected is null ? null : StoreJson.Write(item.Expected),
            GoldKind = item.Expected is null ? null : item.GoldKind,
        };
        Db.Tasks.Add(task);
        ImmutableArray<SlotRow> slots = [.. Enumerable.Range(0, task.Quota).Select(number => Quotas.NewSlot(task, number))];
        Db.Slots.AddRange(slots);
        return (task, slots);
    }

    private void AddLabel(TaskRow task, SlotRow slot, ExistingLabel label, Guid person)
    {
        (slot.State, slot.PersonId) = (SlotState.Done, person);
        var response = new ResponseRow
        {
            Id = writer.NewId(),
            ProjectId = projectId,
            TaskId = task.Id,
            PersonId = person,
            State = ResponseState.Submitted,
            Revision = 1,
            UpdatedAt = writer.Now,
        };
        var value = StoreJson.Write(label.Judgement);
        var revision = new RevisionRow
        {
            Id = writer.NewId(),
            ResponseId = response.Id,
            Number = 1,
            ProjectId = projectId,
            TaskId = task.Id,
            PersonId = person,
            Kind = RevisionKind.Import,
            ValueJson = value,
            BodySha256 = StoreJson.Sha256(value),
            ExtrasJson = label.Extras is null ? null : StoreJson.Write(label.Extras),
            ClientAt = label.At?.ToUnixTimeMilliseconds(),
            ServerAt = writer.Now,
            ActiveMs = (long?)label.Active?.TotalMilliseconds,
        };
        response.CurrentRevisionId = revision.Id;
        Db.Responses.Add(response);
        Db.Revisions.Add(revision);
        writer.Audit(actor, "label.imported", revision.Id.ToString(), new { sha256 = AuditHash.Of(revision), surplus = false });
    }

    /// <summary>Finds or creates the author of imported labels, who cannot sign in.</summary>
    private async Task<Guid> AnnotatorAsync(string? name, CancellationToken cancel)
    {
        var called = name ?? "unknown";
        if (_annotators.TryGetValue(called, out var known))
        {
            return known;
        }
        var normalized = PersonRecords.Normalize("imported:" + called);
        var person = await Db.People.SingleOrDefaultAsync(p => p.NormalizedName == normalized, cancel);
        if (person is null)
        {
            var taken = await Db.People.AnyAsync(p => p.Pseudonym == called, cancel);
            person = new PersonRow
            {
                Id = writer.NewId(),
                Name = "imported:" + called,
                NormalizedName = normalized,
                Pseudonym = taken ? "imported:" + called : called,
                Role = MemberRole.Annotator,
                Imported = true,
                CreatedAt = writer.Now,
            };
            Db.People.Add(person);
        }

        return _annotators[called] = person.Id;
    }
}
