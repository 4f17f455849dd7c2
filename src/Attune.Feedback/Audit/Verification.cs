using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Audit;

/// <summary>One check of the whole store.</summary>
internal sealed class Verification(FeedbackContext db)
{
    private readonly Dictionary<string, string> _revisions = [];
    private readonly Dictionary<string, string> _adjudications = [];
    private readonly Dictionary<string, string> _guidelines = [];
    private readonly HashSet<string> _redacted = [];
    private readonly List<(Guid Project, long First, int Count, string Sha256, long Link)> _items = [];
    private long _links;

    public async Task<AuditReport> RunAsync(CancellationToken cancel)
    {
        // One transaction, so that labels stored meanwhile do not look like breaks.
        await using var transaction = await db.BeginViewAsync(cancel);
        var head = await db.ChainHeads.AsNoTracking().SingleAsync(cancel);
        var broken = await ChainAsync(head, cancel);
        var (labels, items) = (0, 0);
        if (broken is null)
        {
            (labels, broken) = await RevisionsAsync(cancel);
        }
        broken ??= await AdjudicationsAsync(cancel) ?? await GuidelinesAsync(cancel);
        if (broken is null)
        {
            (items, broken) = await ItemsAsync(cancel);
        }
        return new AuditReport(_links, labels, items, head.Hash, broken);
    }

    private async Task<string?> ChainAsync(ChainHeadRow head, CancellationToken cancel)
    {
        var (sequence, hash) = (0L, AuditHash.Start);
        await foreach (var row in db.Audit.AsNoTracking().OrderBy(a => a.Sequence).AsAsyncEnumerable().WithCancellation(cancel))
        {
            if (row.Sequence != sequence + 1)
            {
                return $"link {sequence + 1} is missing: the next one is {row.Sequence}.";
            }
            if (row.PreviousHash != hash)
            {
                return $"link {row.Sequence} ({row.Action} of {row.Subject}) does not follow the one before it.";
            }
            if (AuditHash.Of(row) != row.Hash)
            {
                return $"link {row.Sequence} ({row.Action} of {row.Subject}) was changed: its hash does not match its content.";
            }
            (sequence, hash) = (row.Sequence, row.Hash);
            Note(row);
            _links++;
        }

        return sequence != head.Sequence || hash != head.Hash
            ? $"the last link is {sequence}, but the chain was {head.Sequence} links long: the end was cut off."
            : null;
    }

    private void Note(AuditRow row)
    {
        using var detail = JsonDocument.Parse(row.DetailJson);
        string Sha() => detail.RootElement.GetProperty("sha256").GetString()!;
        switch (row.Action)
        {
            case "label.submitted" or "label.imported" or "label.retracted" or "task.skipped" or "task.flagged":
                _revisions[row.Subject] = Sha();
                break;
            case "task.adjudicated":
                _adjudications[row.Subject] = Sha();
                break;
            case "guidelines.published":
                _guidelines[row.Subject] = Sha();
                break;
            case "items.added":
                _items.Add(
                    (
                        Guid.Parse(row.Subject),
                        detail.RootElement.GetProperty("first").GetInt64(),
                        detail.RootElement.GetProperty("count").GetInt32(),
                        Sha(),
                        row.Sequence
                    )
                );
                break;
            case "person.erased":
                _redacted.UnionWith(detail.RootElement.GetProperty("revisions").EnumerateArray().Select(r => r.GetString()!));
                if (detail.RootElement.TryGetProperty("adjudications", out var decisions))
                {
                    _redacted.UnionWith(decisions.EnumerateArray().Select(r => r.GetString()!));
                }
                break;
        }
    }

    private async Task<(int Labels, string? Broken)> RevisionsAsync(CancellationToken cancel)
    {
        var labels = 0;
        await foreach (var row in db.Revisions.AsNoTracking().OrderBy(r => r.Id).AsAsyncEnumerable().WithCancellation(cancel))
        {
            if (!_revisions.Remove(row.Id.ToString(), out var hash))
            {
                return (labels, $"label {row.Id} is not in the audit: it was inserted without the store.");
            }
            var erased = _redacted.Contains(row.Id.ToString());
            if (row.Redacted != erased)
            {
                return (
                    labels,
                    $"label {row.Id} {(erased ? "should be erased, but is not" : "was erased, but the audit does not record it")}."
                );
            }
            if (!erased && AuditHash.Of(row) != hash)
            {
                return (
                    labels,
                    $"label {row.Id} (task {row.TaskId}, revision {row.Number}) was changed: it is not what the audit says was stored."
                );
            }
            labels++;
        }

        return (
            labels,
            _revisions.Count > 0
                ? $"label {_revisions.Keys.Order(StringComparer.Ordinal).First()} is in the audit, but missing from the store."
                : null
        );
    }

    private async Task<string?> AdjudicationsAsync(CancellationToken cancel)
    {
        foreach (var row in await db.Adjudications.AsNoTracking().OrderBy(a => a.Id).ToListAsync(cancel))
        {
            var known = _adjudications.Remove(row.Id.ToString(), out var hash);
            if (!known || (hash != AuditHash.Of(row) && !_redacted.Contains(row.Id.ToString())))
            {
                return $"decision {row.Id} (task {row.TaskId}) is not what the audit says was decided.";
            }
        }

        return _adjudications.Count > 0 ? $"decision {_adjudications.Keys.First()} is in the audit, but missing from the store." : null;
    }

    private async Task<string?> GuidelinesAsync(CancellationToken cancel)
    {
        foreach (var row in await db.Guidelines.AsNoTracking().OrderBy(g => g.Id).ToListAsync(cancel))
        {
            if (!_guidelines.Remove(row.Id.ToString(), out var hash) || hash != StoreJson.Sha256(row.Markdown) || hash != row.Sha256)
            {
                return $"version {row.Number} of the guidelines of project {row.ProjectId} is not what was published.";
            }
        }

        return _guidelines.Count > 0 ? $"guidelines {_guidelines.Keys.First()} are in the audit, but missing from the store." : null;
    }

    private async Task<(int Items, string? Broken)> ItemsAsync(CancellationToken cancel)
    {
        var items = 0;
        foreach (var (project, first, count, sha, link) in _items)
        {
            var added =
                from task in db.Tasks.AsNoTracking()
                join item in db.Items on task.ItemId equals item.Id
                where task.ProjectId == project && task.Position >= first && task.Position < first + count && task.Kind != TaskKind.Repeat
                orderby task.Position
                select item;
            var rows = await added.ToListAsync(cancel);
            var candidates = (await db.Candidates.AsNoTracking().Where(c => added.Any(i => i.Id == c.ItemId)).ToListAsync(cancel)).ToLookup(
                c => c.ItemId
            );
            if (rows.FirstOrDefault(r => AuditHash.Of(r, candidates[r.Id]) != r.ContentSha256) is { } changed)
            {
                return (items, $"item {changed.Id} was changed after it was added.");
            }
            if (AuditHash.Of(rows.Select(r => (r.Id, r.ContentSha256))) != sha)
            {
                return (items, $"the items of link {link} are not those that were added: expected {count}, found {rows.Count}, or others.");
            }
            items += rows.Count;
        }

        return (items, null);
    }
}
