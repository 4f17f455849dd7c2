using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>
/// Adds labels from other sources. The same item, person and source are the same label: it is stored once, and a changed one is a new
/// revision. A second label of the same person for the same item becomes a repeat. Labels whose author is not named are never taken for
/// one person's on one item.
/// </summary>
internal sealed class LabelWriter(StoreWriter writer, Guid? actor, Guid projectId)
{
    private readonly Dictionary<string, (Guid Id, string Pseudonym)> _people = new(StringComparer.Ordinal);
    private readonly List<(string, string?)> _leftOut = [];

    private FeedbackContext Db => writer.Db;

    public int Added { get; private set; }
    public int Present { get; private set; }
    public int Changed { get; private set; }
    public int Repeats { get; private set; }
    public IEnumerable<(string Reason, string? Place)> LeftOut => _leftOut;

    public async Task AddAsync(LabelledTask task, ExistingLabel label, CancellationToken cancel)
    {
        if (label.Source is { } source && task.Labels.Find(l => l.Source?.Key == source.Key) is { } same)
        {
            await MeetAsync(same, label, cancel);
            return;
        }
        if (Unnamed.Is(label.Annotator))
        {
            await AddUnnamedAsync(task, label, cancel);
            return;
        }
        var called = label.Annotator!;
        var person = await PersonAsync(called, cancel);
        KnownLabel[] own = [.. task.Labels.Where(l => l.PersonId == person.Id || l.Pseudonym == called)];
        if (own.Any(l => !l.Stands))
        {
            _leftOut.Add(("this person's label of the item was withdrawn or erased here", label.Place));
        }
        else if (own.Any(l => IsRestated(l, label)))
        {
            Present++;
        }
        else if (own.Any(l => l.PersonId == person.Id && !l.IsRepeat))
        {
            await RepeatAsync(task, label, person, cancel);
        }
        else
        {
            await PlaceAsync(task, label, person, cancel);
        }
    }

    /// <summary>Whether a label says again what the person has said, and nothing tells that they said it twice.</summary>
    private static bool IsRestated(KnownLabel known, ExistingLabel label) =>
        !(known.Source is { IsId: true } && label.Source is { IsId: true }) && SaysSame(known.Judgement!, label.Judgement);

    private static bool SaysSame(Judgement known, Judgement label) =>
        (known, label) switch
        {
            (ComparisonJudgement one, ComparisonJudgement other) => one.Pick == other.Pick
                && (one.Strength is null || other.Strength is null || one.Strength == other.Strength),
            _ => known with { Comment = null } == label with { Comment = null },
        };

    private async Task MeetAsync(KnownLabel known, ExistingLabel label, CancellationToken cancel)
    {
        if (!known.Stands || known.Judgement is null || SaysSame(known.Judgement, label.Judgement))
        {
            Present++;
            return;
        }
        // Those that were added in this transaction are not in the database yet.
        await Db.SaveChangesAsync(cancel);
        var response = await Db.Responses.SingleAsync(r => r.Id == known.ResponseId, cancel);
        Append(response, label);
        Changed++;
    }

    private async Task AddUnnamedAsync(LabelledTask task, ExistingLabel label, CancellationToken cancel)
    {
        KnownLabel[] own = [.. task.Labels.Where(l => Unnamed.Is(l.Pseudonym))];
        // Stored before labels said where they came from.
        if (own.FirstOrDefault(l => l.Source is null && l.Judgement is { } said && SaysSame(said, label.Judgement)) is { } old)
        {
            task.Labels.Remove(old);
            Present++;
            return;
        }
        var number = 1;
        while (own.Any(l => l.Pseudonym == Unnamed.Name(number)))
        {
            number++;
        }
        await PlaceAsync(task, label, await PersonAsync(Unnamed.Name(number), cancel), cancel);
    }

    /// <summary>In a place that no one holds, else in a further one.</summary>
    private async Task PlaceAsync(LabelledTask task, ExistingLabel label, (Guid Id, string Pseudonym) person, CancellationToken cancel)
    {
        var filled = false;
        while (!filled && task.TakeFree() is { } number)
        {
            var slots = Db.Slots.Where(s => s.TaskId == task.Task.Id && s.Number == number && s.State == SlotState.Free);
            filled =
                await slots.ExecuteUpdateAsync(
                    set => set.SetProperty(s => s.State, SlotState.Done).SetProperty(s => s.PersonId, person.Id),
                    cancel
                ) == 1;
        }
        if (!filled)
        {
            AddSlot(task.Task, task.AddPlace(), person.Id);
        }
        Store(task, task.Task, label, person, isRepeat: false);
    }

    private async Task RepeatAsync(LabelledTask task, ExistingLabel label, (Guid Id, string Pseudonym) person, CancellationToken cancel)
    {
        var again = new TaskRow
        {
            Id = writer.NewId(),
            ProjectId = projectId,
            ItemId = task.Task.ItemId,
            Kind = TaskKind.Repeat,
            Priority = task.Task.Priority,
            Position = await Positions.TakeAsync(Db, projectId, 1, cancel),
            Quota = 1,
            RepeatOf = task.Task.Id,
        };
        Db.Tasks.Add(again);
        AddSlot(again, 0, person.Id);
        Store(task, again, label, person, isRepeat: true);
        Repeats++;
    }

    private void AddSlot(TaskRow task, int number, Guid person)
    {
        var slot = Quotas.NewSlot(task, number);
        (slot.State, slot.PersonId) = (SlotState.Done, person);
        Db.Slots.Add(slot);
    }

    private void Store(LabelledTask task, TaskRow row, ExistingLabel label, (Guid Id, string Pseudonym) person, bool isRepeat)
    {
        var response = new ResponseRow
        {
            Id = writer.NewId(),
            ProjectId = projectId,
            TaskId = row.Id,
            PersonId = person.Id,
        };
        Db.Responses.Add(response);
        Append(response, label);
        task.Labels.Add(new KnownLabel(response.Id, person.Id, person.Pseudonym, true, isRepeat, label.Judgement, label.Source));
        Added++;
    }

    private void Append(ResponseRow response, ExistingLabel label)
    {
        var value = StoreJson.Write(label.Judgement);
        var extras = SourceExtras.With(label.Extras, label.Source);
        var revision = new RevisionRow
        {
            Id = writer.NewId(),
            ResponseId = response.Id,
            Number = response.Revision + 1,
            ProjectId = projectId,
            TaskId = response.TaskId,
            PersonId = response.PersonId,
            Kind = RevisionKind.Import,
            ValueJson = value,
            BodySha256 = StoreJson.Sha256(value),
            ExtrasJson = extras is null ? null : StoreJson.Write(extras),
            ClientAt = label.At?.ToUnixTimeMilliseconds(),
            ServerAt = writer.Now,
            ActiveMs = (long?)label.Active?.TotalMilliseconds,
        };
        (response.State, response.Revision, response.CurrentRevisionId, response.UpdatedAt) = (
            ResponseState.Submitted,
            revision.Number,
            revision.Id,
            writer.Now
        );
        Db.Revisions.Add(revision);
        writer.Audit(actor, "label.imported", revision.Id.ToString(), new { sha256 = AuditHash.Of(revision), surplus = false });
    }

    /// <summary>Finds or creates the author of imported labels, who cannot sign in.</summary>
    private async Task<(Guid Id, string Pseudonym)> PersonAsync(string called, CancellationToken cancel)
    {
        if (_people.TryGetValue(called, out var known))
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

        return _people[called] = (person.Id, person.Pseudonym);
    }
}
