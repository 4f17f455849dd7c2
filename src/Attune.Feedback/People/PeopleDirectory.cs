using System.Collections.Immutable;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.People;

/// <summary>The people of the installation and their roles, in it and in its projects.</summary>
public sealed class PeopleDirectory
{
    private readonly StoreDatabase _database;

    internal PeopleDirectory(StoreDatabase database) => _database = database;

    public Task<PersonInfo?> FindAsync(Guid id, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancel) is { } row ? PersonRecords.Info(row) : null
        );

    public Task<IReadOnlyList<PersonInfo>> ListAsync(CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (IReadOnlyList<PersonInfo>)
                [.. (await db.People.AsNoTracking().OrderBy(p => p.Id).ToListAsync(cancel)).Select(PersonRecords.Info)]
        );

    /// <summary>
    /// What a person may do in a project; null for nothing. Every request about a project must ask this first.
    /// </summary>
    public Task<MemberRole?> RoleInAsync(Guid project, Guid person, CancellationToken cancel) =>
        _database.ReadAsync<MemberRole?>(async db =>
        {
            var row = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == person && p.State != PersonState.Erased, cancel);
            if (row is null || row.Role == MemberRole.Owner)
            {
                return row?.Role;
            }
            return (
                await db.Memberships.AsNoTracking().SingleOrDefaultAsync(m => m.PersonId == person && m.ProjectId == project, cancel)
            )?.Role;
        });

    /// <summary>Projects a person has a role in; all for owners.</summary>
    public Task<IReadOnlyList<(Guid Project, MemberRole Role)>> ProjectsOfAsync(Guid person, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var owner = await db.People.AnyAsync(
                p => p.Id == person && p.Role == MemberRole.Owner && p.State != PersonState.Erased,
                cancel
            );
            return (IReadOnlyList<(Guid, MemberRole)>)(
                owner
                    ? [.. (await db.Projects.Select(p => p.Id).ToListAsync(cancel)).Select(p => (p, MemberRole.Owner))]
                    : [.. (await db.Memberships.Where(m => m.PersonId == person).ToListAsync(cancel)).Select(m => (m.ProjectId, m.Role))]
            );
        });

    public Task<IReadOnlyList<Member>> MembersAsync(Guid project, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (IReadOnlyList<Member>)
                [
                    .. (
                        await (
                            from member in db.Memberships.AsNoTracking()
                            join person in db.People on member.PersonId equals person.Id
                            where member.ProjectId == project
                            orderby person.Id
                            select new { member, person }
                        ).ToListAsync(cancel)
                    ).Select(r => new Member(PersonRecords.Info(r.person), r.member.Role, r.member.PausedBecause)),
                ]
        );

    /// <summary>A person's roles in projects, or everyone's where <paramref name="person"/> is null. Owners need none.</summary>
    public Task<IReadOnlyList<Membership>> MembershipsAsync(Guid? person, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (IReadOnlyList<Membership>)
                await (
                    from member in db.Memberships.AsNoTracking()
                    join project in db.Projects on member.ProjectId equals project.Id
                    where person == null || member.PersonId == person
                    orderby project.Id
                    select new Membership(member.PersonId, project.Id, project.Name, member.Role, member.PausedBecause)
                ).ToListAsync(cancel)
        );

    /// <summary>
    /// Gives a person another role in the installation; <see cref="MemberRole.Annotator"/> grants nothing by itself. Their roles in
    /// projects stay.
    /// </summary>
    /// <returns>Why it was refused; empty where it was done. The last owner cannot be demoted.</returns>
    public Task<ImmutableArray<string>> SetRoleAsync(Guid actor, Guid person, MemberRole role, CancellationToken cancel) =>
        _database.WriteAsync(writer => RoleChanges.SetRoleAsync(writer, actor, person, role, cancel), cancel);

    /// <summary>
    /// Disables a person or enables them again. Who is disabled cannot sign in, their keys do not work, and the tasks in their hands go to
    /// others; their labels stay.
    /// </summary>
    /// <returns>Why it was refused; empty where it was done. The last owner cannot be disabled, nor can one disable oneself.</returns>
    public Task<ImmutableArray<string>> SetDisabledAsync(Guid actor, Guid person, bool disabled, CancellationToken cancel) =>
        _database.WriteAsync(writer => RoleChanges.SetDisabledAsync(writer, actor, person, disabled, cancel), cancel);

    /// <summary>Gives a person a role in a project, or removes it.</summary>
    /// <param name="role">Null to remove it.</param>
    public Task SetMemberAsync(Guid actor, Guid project, Guid person, MemberRole? role, CancellationToken cancel) =>
        _database.WriteAsync(writer => RoleChanges.SetMemberAsync(writer, actor, project, person, role, cancel), cancel);

    /// <summary>Pauses a person in a project, or resumes them.</summary>
    /// <param name="reason">Shown to the person; null to resume.</param>
    public Task PauseAsync(Guid actor, Guid project, Guid person, string? reason, CancellationToken cancel) =>
        _database.WriteAsync(
            writer =>
            {
                // Not the reason: the audit keeps what it holds, and the person may be erased.
                writer.Audit(actor, reason is null ? "person.resumed" : "person.paused", person, new { project });
                return writer
                    .Db.Memberships.Where(m => m.ProjectId == project && m.PersonId == person)
                    .ExecuteUpdateAsync(set => set.SetProperty(m => m.PausedBecause, reason), cancel);
            },
            cancel
        );

    /// <summary>
    /// A person created by a program, without a password: simulated annotators, tests, runs that ask. They cannot sign in.
    /// </summary>
    public Task<PersonInfo> AddAsync(Guid? actor, string name, MemberRole role, CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                var normalized = PersonRecords.Normalize(name);
                var known = await writer.Db.People.AsNoTracking().SingleOrDefaultAsync(p => p.NormalizedName == normalized, cancel);
                if (known is not null)
                {
                    return PersonRecords.Info(known);
                }
                var person = PersonRecords.Add(writer, name, null, role);
                writer.Audit(actor, "person.added", person.Id, new { role });
                return PersonRecords.Info(person);
            },
            cancel
        );
}
