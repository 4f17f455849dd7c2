using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Which guidelines people say to have read. Labels record it, so a label made before a change is known as such.</summary>
public sealed class GuidelineReading
{
    private readonly StoreDatabase _database;

    internal GuidelineReading(StoreDatabase database) => _database = database;

    /// <summary>Notes that a person has read a version.</summary>
    /// <returns>False where the project has no such version.</returns>
    public Task<bool> AcknowledgeAsync(Guid project, Guid person, int number, CancellationToken cancel) =>
        _database.WriteAgainAsync(
            async writer =>
            {
                var version = await writer
                    .Db.Guidelines.Where(g => g.ProjectId == project && g.Number == number)
                    .Select(g => (Guid?)g.Id)
                    .SingleOrDefaultAsync(cancel);
                if (version is not { } id)
                {
                    return false;
                }
                if (await writer.Db.Acknowledgements.AnyAsync(a => a.PersonId == person && a.GuidelineVersionId == id, cancel))
                {
                    return true;
                }
                writer.Db.Acknowledgements.Add(
                    new AcknowledgementRow
                    {
                        PersonId = person,
                        GuidelineVersionId = id,
                        ProjectId = project,
                        At = writer.Now,
                    }
                );
                writer.Audit(person, "guidelines.acknowledged", id, new { project, number });
                return true;
            },
            cancel
        );

    /// <summary>The newest version that a person has acknowledged; null for none.</summary>
    public Task<GuidelineVersion?> NewestAsync(Guid project, Guid person, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            await Acknowledged(db, project, person).FirstOrDefaultAsync(cancel) is { } row ? ProjectCatalog.Version(row) : null
        );

    /// <summary>What a label records: the newest version acknowledged, or the one shown where it is empty.</summary>
    internal static async Task<Guid?> OfLabelAsync(FeedbackContext db, PresentationRow shown, CancellationToken cancel)
    {
        var current = await db
            .Projects.Where(p => p.Id == shown.ProjectId)
            .Join(db.Guidelines, p => p.GuidelineVersionId, g => g.Id, (_, g) => new { g.Id, IsEmpty = g.Markdown == "" })
            .SingleAsync(cancel);
        return current.IsEmpty
            ? current.Id
            : await Acknowledged(db, shown.ProjectId, shown.PersonId).Select(g => (Guid?)g.Id).FirstOrDefaultAsync(cancel);
    }

    private static IQueryable<GuidelineVersionRow> Acknowledged(FeedbackContext db, Guid project, Guid person) =>
        from read in db.Acknowledgements.AsNoTracking()
        join version in db.Guidelines on read.GuidelineVersionId equals version.Id
        where read.ProjectId == project && read.PersonId == person
        orderby version.Number descending
        select version;
}
