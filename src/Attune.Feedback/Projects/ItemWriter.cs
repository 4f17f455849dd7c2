using System.Collections.Immutable;
using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Adds items to a project, inside one transaction: all of them, or none.</summary>
internal sealed class ItemWriter(StoreWriter writer, Guid? actor, Guid projectId)
{
    private readonly LabelWriter _labels = new(writer, actor, projectId);
    private readonly List<(string, string?)> _leftOut = [];

    /// <summary>A new item, and the labels of all that have its content.</summary>
    private sealed record Fresh(NewItem Item, ItemRow Row, ImmutableArray<CandidateRow> Candidates, List<ExistingLabel> Labels);

    private FeedbackContext Db => writer.Db;

    public async Task<AddedItems> RunAsync(IReadOnlyList<NewItem> items, CancellationToken cancel)
    {
        var project =
            await Db.Projects.AsNoTracking().SingleOrDefaultAsync(p => p.Id == projectId, cancel)
            ?? throw new AttuneException($"there is no project {projectId}.");
        var settings = project.ReadSettings();
        Check(items, project.Kind, settings);
        NewItem[] fitting = [.. items.Select(i => Fitting(i, project.Kind, settings))];
        var (fresh, known) = await SortAsync(fitting, project.Kind, cancel);
        var position = await Positions.TakeAsync(Db, projectId, fresh.Count, cancel);
        foreach (var (index, item) in fresh.Index())
        {
            Db.Items.Add(item.Row);
            Db.Candidates.AddRange(item.Candidates);
            var task = AddTask(item, settings, position + index);
            foreach (var label in item.Labels)
            {
                await _labels.AddAsync(task, label, cancel);
            }
            AddSlots(item.Item, task);
        }

        await AddToKnownAsync(known, cancel);
        if (fresh.Count > 0)
        {
            var detail = new
            {
                first = position,
                count = fresh.Count,
                sha256 = AuditHash.Of(fresh.Select(f => (f.Row.Id, f.Row.ContentSha256))),
            };
            writer.Audit(actor, "items.added", projectId, detail);
        }
        return new AddedItems(fresh.Count, items.Count - fresh.Count, _labels.Added)
        {
            Present = _labels.Present,
            Changed = _labels.Changed,
            Repeats = _labels.Repeats,
            LeftOut = LeftOut.Of(_leftOut.Concat(_labels.LeftOut)),
        };
    }

    private static void Check(IReadOnlyList<NewItem> items, ProjectKind kind, ProjectSettings settings)
    {
        var problems = new List<string>();
        foreach (var (index, item) in items.Index())
        {
            problems.AddRange(Problems(item, kind, settings).Select(p => $"item {index + 1}{p}"));
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

    private static IEnumerable<string> Problems(NewItem item, ProjectKind kind, ProjectSettings settings)
    {
        if (item.Expected is not null && !item.Labels.IsEmpty)
        {
            return [" is gold and brings labels; everyone answers a gold item themselves, so it cannot have both."];
        }
        if (Misfit(item.Content, kind) is { } problem)
        {
            return [$" {problem}"];
        }
        return item.Expected is { } expected && kind != ProjectKind.Chat
            ? JudgementRules.Problems(expected, kind, settings, item.Content, 0).Select(p => $": {p}")
            : [];
    }

    /// <summary>Why a project of this kind cannot ask about an item; null where it can.</summary>
    internal static string? Misfit(ItemContent content, ProjectKind kind)
    {
        var answers = content.Candidates.Length;
        var fits = kind switch
        {
            ProjectKind.Chat => answers == 0,
            ProjectKind.Comparison => answers == 2,
            ProjectKind.Ranking or ProjectKind.BestOf => answers >= 2,
            _ => answers >= 1,
        };
        return !fits ? $"has {answers} answers, which does not fit a project of kind {kind}."
            : kind == ProjectKind.Steps && content.Candidates[0].Steps.IsEmpty ? $"has no steps; a project of kind {kind} rates them."
            : null;
    }

    /// <summary>The item without the labels that the project's settings do not allow.</summary>
    private NewItem Fitting(NewItem item, ProjectKind kind, ProjectSettings settings)
    {
        if (item.Labels.IsEmpty || kind == ProjectKind.Chat)
        {
            return item;
        }
        var kept = ImmutableArray.CreateBuilder<ExistingLabel>();
        foreach (var label in item.Labels)
        {
            if (JudgementRules.Problems(label.Judgement, kind, settings, item.Content, 0).FirstOrDefault() is { } problem)
            {
                _leftOut.Add((problem.TrimEnd('.'), label.Place));
            }
            else
            {
                kept.Add(label);
            }
        }

        return kept.Count == item.Labels.Length ? item : item with { Labels = kept.ToImmutable() };
    }

    /// <summary>Which items are new, and the labels for those that the project has already.</summary>
    private async Task<(List<Fresh> Fresh, Dictionary<Guid, List<ExistingLabel>> Known)> SortAsync(
        NewItem[] items,
        ProjectKind kind,
        CancellationToken cancel
    )
    {
        var stored = await Db
            .Items.Where(i => i.ProjectId == projectId)
            .Select(i => new
            {
                i.Id,
                i.ExternalId,
                i.ContentSha256,
            })
            .ToListAsync(cancel);
        var names = stored.Select(k => k.ExternalId).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var contents = stored.ToDictionary(k => k.ContentSha256, k => k.Id, StringComparer.Ordinal);
        var labels = new Dictionary<Guid, List<ExistingLabel>>();
        var fresh = new List<Fresh>();
        foreach (var item in items)
        {
            if (Find(item, kind, contents) is var (id, places))
            {
                labels.TryAdd(id, []);
                labels[id].AddRange(item.Labels.Select(l => AnswerOrders.Turn(l, places)));
            }
            else if (item.Content.ExternalId is { } name && !names.Add(name))
            {
                _leftOut.AddRange(item.Labels.Select(l => ($"another item is called '{name}' and has other content", l.Place)));
            }
            else
            {
                var (row, candidates) = Contents.ToRows(item.Content, writer.NewId(), projectId);
                contents[row.ContentSha256] = row.Id;
                labels[row.Id] = [.. item.Labels];
                fresh.Add(new Fresh(item, row, candidates, labels[row.Id]));
            }
        }

        foreach (var item in fresh)
        {
            labels.Remove(item.Row.Id);
        }
        return (fresh, labels);
    }

    /// <summary>
    /// The item with this content. Only labels can be turned, so items without any are looked for in their own order alone.
    /// </summary>
    private static (Guid Id, ImmutableArray<int> Places)? Find(NewItem item, ProjectKind kind, Dictionary<string, Guid> contents)
    {
        foreach (var (hash, places) in AnswerOrders.Of(item.Content, kind))
        {
            if (contents.TryGetValue(hash, out var id))
            {
                return (id, places);
            }
            if (item.Labels.IsEmpty)
            {
                break;
            }
        }

        return null;
    }

    private async Task AddToKnownAsync(Dictionary<Guid, List<ExistingLabel>> known, CancellationToken cancel)
    {
        var labelled = known.Where(k => k.Value.Count > 0).ToArray();
        if (labelled.Length == 0)
        {
            return;
        }
        await Db.SaveChangesAsync(cancel);
        var tasks = await KnownLabels.LoadAsync(Db, labelled.Select(k => k.Key), cancel);
        foreach (var (item, labels) in labelled)
        {
            foreach (var label in labels)
            {
                if (tasks.TryGetValue(item, out var task))
                {
                    await _labels.AddAsync(task, label, cancel);
                }
                else
                {
                    _leftOut.Add(("the item is gold here, which everyone answers for themselves", label.Place));
                }
            }
        }
    }

    private LabelledTask AddTask(Fresh fresh, ProjectSettings settings, long position)
    {
        var item = fresh.Item;
        var task = new TaskRow
        {
            Id = writer.NewId(),
            ProjectId = projectId,
            ItemId = fresh.Row.Id,
            Kind = item.Expected is null ? TaskKind.Normal : TaskKind.Gold,
            Priority = item.Priority,
            Position = position,
            Quota = item.Expected is null ? settings.Quota : 0,
            ExpectedJson = item.Expected is null ? null : StoreJson.Write(item.Expected),
            GoldKind = item.Expected is null ? null : item.GoldKind,
        };
        Db.Tasks.Add(task);
        return new LabelledTask(task, [], [], 0);
    }

    /// <summary>The places that are still wanted.</summary>
    private void AddSlots(NewItem item, LabelledTask task)
    {
        var quota = task.Task.Quota;
        for (var number = task.AddPlace(); item.Expected is null && number < quota; number = task.AddPlace())
        {
            Db.Slots.Add(Quotas.NewSlot(task.Task, number));
        }
        task.Task.Quota = quota;
    }
}
