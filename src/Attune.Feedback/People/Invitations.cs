using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.People;

/// <summary>An invitation that nobody has used yet.</summary>
/// <param name="Project">The project's name; null for all projects.</param>
/// <param name="By">Who made it.</param>
public sealed record OpenInvitation(Guid Id, MemberRole Role, string? Project, string? By, DateTimeOffset ExpiresAt);

/// <summary>Invitations that are open: each is a link that lets somebody in.</summary>
public sealed class Invitations
{
    private readonly StoreDatabase _database;

    internal Invitations(StoreDatabase database) => _database = database;

    /// <param name="project">Null for those of all projects and of the installation.</param>
    public Task<IReadOnlyList<OpenInvitation>> ListAsync(Guid? project, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var now = _database.Now;
            var rows = await (
                from invite in db.Invites.AsNoTracking()
                join owner in db.Projects on invite.ProjectId equals owner.Id into projects
                from owner in projects.DefaultIfEmpty()
                join person in db.People on invite.InvitedBy equals person.Id
                where invite.UsedAt == null && invite.ExpiresAt > now && (project == null || invite.ProjectId == project)
                orderby invite.Id
                select new
                {
                    invite,
                    Project = (string?)owner.Name,
                    person.Name,
                }
            ).ToListAsync(cancel);
            return (IReadOnlyList<OpenInvitation>)
                [
                    .. rows.Select(r => new OpenInvitation(
                        r.invite.Id,
                        r.invite.Role,
                        r.Project,
                        r.Name,
                        DateTimeOffset.FromUnixTimeMilliseconds(r.invite.ExpiresAt)
                    )),
                ];
        });

    /// <summary>Makes the link useless.</summary>
    /// <param name="project">The project that it must belong to; null for any.</param>
    /// <returns>False where there is no such open invitation.</returns>
    public Task<bool> RevokeAsync(Guid actor, Guid invitation, Guid? project, CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                var revoked = await writer
                    .Db.Invites.Where(i => i.Id == invitation && i.UsedAt == null && (project == null || i.ProjectId == project))
                    .ExecuteDeleteAsync(cancel);
                if (revoked == 1)
                {
                    writer.Audit(actor, "invitation.revoked", invitation, new { project });
                }
                return revoked == 1;
            },
            cancel
        );
}
