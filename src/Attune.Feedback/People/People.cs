using System.Collections.Immutable;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <summary>
/// Who may do what. There is no sign-up and no default password: the first owner comes in by a set-up link, everyone else by invitation.
/// </summary>
public sealed class People
{
    private const int ShortestPassword = 10;
    private const int FreeTries = 5;
    private static readonly TimeSpan SessionLength = TimeSpan.FromDays(14);
    private static readonly TimeSpan SetUpValidity = TimeSpan.FromHours(24);
    private readonly FeedbackStore _store;

    // Compared with where there is no such person, so that the time taken does not tell names.
    private readonly Lazy<string> _nobody;

    internal People(FeedbackStore store)
    {
        _store = store;
        _nobody = new(() => Secrets.HashPassword("", store.Options.PasswordRounds));
    }

    /// <summary>A one-time token for the first owner, good for a day; null where there is an owner. Earlier set-up tokens end.</summary>
    public Task<string?> SetUpAsync(CancellationToken cancel) =>
        _store.WriteAsync(
            async writer =>
            {
                if (await writer.Db.People.AnyAsync(p => p.Role == Role.Owner && p.State == PersonState.Active, cancel))
                {
                    return null;
                }
                await writer.Db.Invites.Where(i => i.Role == Role.Owner && i.InvitedBy == null).ExecuteDeleteAsync(cancel);
                return (string?)AddInvite(writer, null, Role.Owner, null, SetUpValidity);
            },
            cancel
        );

    /// <summary>An invitation: whoever has the token joins with this role, in one project or over the whole installation.</summary>
    /// <exception cref="Core.ConfigurationException">An owner of one project: owners own all.</exception>
    public Task<Invitation> InviteAsync(Guid by, Role role, Guid? project, TimeSpan validity, CancellationToken cancel) =>
        _store.WriteAsync(
            writer =>
            {
                if (role == Role.Owner && project is not null)
                {
                    throw new Core.ConfigurationException(
                        "an owner owns all projects; invite to one project as manager, annotator or reader."
                    );
                }
                var token = AddInvite(writer, by, role, project, validity);
                writer.Audit(by, "person.invited", project?.ToString() ?? "", new { role });
                return Task.FromResult(
                    new Invitation(token, role, project, DateTimeOffset.FromUnixTimeMilliseconds(writer.Now) + validity)
                );
            },
            cancel
        );

    /// <summary>
    /// Uses up a set-up token or an invitation, and makes a person of whoever has it. Who is invited to one project has a role there and
    /// none elsewhere: over the installation they are an annotator, which opens nothing by itself, whatever they are in their project.
    /// </summary>
    public Task<JoinResult> JoinAsync(string token, string name, string password, CancellationToken cancel)
    {
        var problems = NameProblems(name).Concat(PasswordProblems(password)).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            return Task.FromResult<JoinResult>(new JoinResult.Invalid(problems));
        }
        var (hash, passwordHash) = (Secrets.HashToken(token), Secrets.HashPassword(password, _store.Options.PasswordRounds));
        return _store.WriteAsync<JoinResult>(
            async writer =>
            {
                var db = writer.Db;
                if (await FindInviteAsync(writer, hash, cancel) is not { } invite)
                {
                    return new JoinResult.BadLink();
                }
                var normalized = Normalize(name);
                if (await db.People.AnyAsync(p => p.NormalizedName == normalized, cancel))
                {
                    return new JoinResult.Invalid(["the name is taken; choose another."]);
                }
                if (!await UseUpAsync(writer, invite, cancel))
                {
                    return new JoinResult.BadLink();
                }
                var person = Add(writer, name.Trim(), passwordHash, invite.ProjectId is null ? invite.Role : Role.Annotator);
                if (invite.ProjectId is { } project)
                {
                    db.Memberships.Add(
                        new MembershipRow
                        {
                            PersonId = person.Id,
                            ProjectId = project,
                            Role = invite.Role,
                        }
                    );
                }
                writer.Audit(person.Id, "person.joined", person.Id, new { role = invite.Role, project = invite.ProjectId });
                return new JoinResult.Joined(Open(writer, person));
            },
            cancel
        );
    }

    /// <summary>
    /// Uses up an invitation for somebody who has an account already. It never takes away: the higher of two roles stays.
    /// </summary>
    /// <returns>False where the link is used, too old, or never was.</returns>
    public Task<bool> AcceptAsync(string token, Guid person, CancellationToken cancel) =>
        _store.WriteAsync(
            async writer =>
            {
                var db = writer.Db;
                if (
                    await FindInviteAsync(writer, Secrets.HashToken(token), cancel) is not { } invite
                    || !await UseUpAsync(writer, invite, cancel)
                )
                {
                    return false;
                }
                if (invite.ProjectId is not { } project)
                {
                    await db
                        .People.Where(p => p.Id == person && p.Role < invite.Role)
                        .ExecuteUpdateAsync(set => set.SetProperty(p => p.Role, invite.Role), cancel);
                }
                else if (
                    await db.Memberships.SingleOrDefaultAsync(m => m.ProjectId == project && m.PersonId == person, cancel) is { } member
                )
                {
                    member.Role = (Role)Math.Max((int)member.Role, (int)invite.Role);
                }
                else
                {
                    db.Memberships.Add(
                        new MembershipRow
                        {
                            PersonId = person,
                            ProjectId = project,
                            Role = invite.Role,
                        }
                    );
                }

                writer.Audit(person, "person.joined", person, new { role = invite.Role, project = invite.ProjectId });
                return true;
            },
            cancel
        );

    private static Task<InviteRow?> FindInviteAsync(StoreWriter writer, string hash, CancellationToken cancel) =>
        writer.Db.Invites.SingleOrDefaultAsync(i => i.TokenHash == hash && i.UsedAt == null && i.ExpiresAt > writer.Now, cancel);

    /// <summary>In one statement, so that two who open the link at once do not both get in.</summary>
    private static async Task<bool> UseUpAsync(StoreWriter writer, InviteRow invite, CancellationToken cancel) =>
        await writer
            .Db.Invites.Where(i => i.Id == invite.Id && i.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.UsedAt, writer.Now), cancel) == 1;

    /// <summary>
    /// Slow on purpose (the password's hash), and slower after five wrong passwords in a row: 1, 2, 4, ... seconds, at most 15 minutes.
    /// </summary>
    public async Task<SignInResult> SignInAsync(string name, string password, CancellationToken cancel)
    {
        var normalized = Normalize(name);
        var found = await _store.ReadAsync(db =>
            db.People.AsNoTracking().SingleOrDefaultAsync(p => p.NormalizedName == normalized, cancel)
        );
        if (found is { LockedUntil: var until } && until > _store.Now)
        {
            return new SignInResult.Wait(DateTimeOffset.FromUnixTimeMilliseconds(until));
        }
        var right =
            Secrets.IsPassword(password, found?.PasswordHash ?? _nobody.Value)
            && found is { PasswordHash: not null, State: not PersonState.Erased };
        if (found is null)
        {
            return new SignInResult.Refused();
        }
        return await _store.WriteAsync<SignInResult>(
            async writer =>
            {
                var person = await writer.Db.People.SingleAsync(p => p.Id == found.Id, cancel);
                if (!right)
                {
                    var extra = ++person.FailedSignIns - FreeTries;
                    if (extra >= 0)
                    {
                        person.LockedUntil =
                            writer.Now + (long)Math.Min(TimeSpan.FromMinutes(15).TotalMilliseconds, 1000 * Math.Pow(2, extra));
                    }
                    return new SignInResult.Refused();
                }

                (person.FailedSignIns, person.LockedUntil) = (0, 0);
                return new SignInResult.Welcome(Open(writer, person));
            },
            cancel
        );
    }

    /// <summary>Who a session's token belongs to; null where it is over or never was.</summary>
    public Task<PersonInfo?> SessionAsync(string token, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
        {
            var (hash, now) = (Secrets.HashToken(token), _store.Now);
            var person = await (
                from session in db.Sessions
                join owner in db.People on session.PersonId equals owner.Id
                where session.TokenHash == hash && session.ExpiresAt > now && owner.State != PersonState.Erased
                select owner
            )
                .AsNoTracking()
                .SingleOrDefaultAsync(cancel);
            return person is null ? null : Info(person);
        });

    public Task SignOutAsync(string token, CancellationToken cancel) =>
        _store.WriteAsync(
            writer => writer.Db.Sessions.Where(s => s.TokenHash == Secrets.HashToken(token)).ExecuteDeleteAsync(cancel),
            cancel
        );

    /// <summary>A new password; all sessions of the person end.</summary>
    /// <returns>What is wrong with it; empty where it was changed.</returns>
    public async Task<ImmutableArray<string>> ChangePasswordAsync(Guid actor, Guid person, string password, CancellationToken cancel)
    {
        var problems = PasswordProblems(password).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            return problems;
        }
        var hash = Secrets.HashPassword(password, _store.Options.PasswordRounds);
        await _store.WriteAsync(
            async writer =>
            {
                await writer.Db.Sessions.Where(s => s.PersonId == person).ExecuteDeleteAsync(cancel);
                writer.Audit(actor, "person.password", person, new { });
                return await writer
                    .Db.People.Where(p => p.Id == person)
                    .ExecuteUpdateAsync(set => set.SetProperty(p => p.PasswordHash, hash), cancel);
            },
            cancel
        );
        return [];
    }

    public Task<PersonInfo?> FindAsync(Guid id, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
            await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, cancel) is { } row ? Info(row) : null
        );

    public Task<IReadOnlyList<PersonInfo>> ListAsync(CancellationToken cancel) =>
        _store.ReadAsync(async db =>
            (IReadOnlyList<PersonInfo>)[.. (await db.People.AsNoTracking().OrderBy(p => p.Id).ToListAsync(cancel)).Select(Info)]
        );

    /// <summary>
    /// What a person may do in a project; null for nothing at all. The one question every request about a project must ask.
    /// </summary>
    public Task<Role?> RoleInAsync(Guid project, Guid person, CancellationToken cancel) =>
        _store.ReadAsync<Role?>(async db =>
        {
            var row = await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == person && p.State != PersonState.Erased, cancel);
            if (row is null || row.Role == Role.Owner)
            {
                return row?.Role;
            }
            return (
                await db.Memberships.AsNoTracking().SingleOrDefaultAsync(m => m.PersonId == person && m.ProjectId == project, cancel)
            )?.Role;
        });

    /// <summary>Projects a person has a role in; all for owners.</summary>
    public Task<IReadOnlyList<(Guid Project, Role Role)>> ProjectsOfAsync(Guid person, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
        {
            var owner = await db.People.AnyAsync(p => p.Id == person && p.Role == Role.Owner && p.State != PersonState.Erased, cancel);
            return (IReadOnlyList<(Guid, Role)>)(
                owner
                    ? [.. (await db.Projects.Select(p => p.Id).ToListAsync(cancel)).Select(p => (p, Role.Owner))]
                    : [.. (await db.Memberships.Where(m => m.PersonId == person).ToListAsync(cancel)).Select(m => (m.ProjectId, m.Role))]
            );
        });

    public Task<IReadOnlyList<Member>> MembersAsync(Guid project, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
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
                    ).Select(r => new Member(Info(r.person), r.member.Role, r.member.PausedBecause)),
                ]
        );

    /// <summary>A person's roles in projects, or everyone's where <paramref name="person"/> is null. Owners need none.</summary>
    public Task<IReadOnlyList<Membership>> MembershipsAsync(Guid? person, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
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
    /// Gives a person another role over the installation; <see cref="Role.Annotator"/> opens nothing by itself. Their roles in projects
    /// stay.
    /// </summary>
    /// <returns>Why not; empty where it was done. The last owner stays one.</returns>
    public Task<ImmutableArray<string>> SetRoleAsync(Guid actor, Guid person, Role role, CancellationToken cancel) =>
        _store.WriteAsync(writer => RoleChanges.SetRoleAsync(writer, actor, person, role, cancel), cancel);

    /// <summary>Gives a person a role in a project, or takes it away.</summary>
    /// <param name="role">Null to take it away.</param>
    public Task SetMemberAsync(Guid actor, Guid project, Guid person, Role? role, CancellationToken cancel) =>
        _store.WriteAsync(writer => RoleChanges.SetMemberAsync(writer, actor, project, person, role, cancel), cancel);

    /// <summary>Pauses a person in a project, or lets them go on.</summary>
    /// <param name="reason">Told to them; null to let them go on.</param>
    public Task PauseAsync(Guid actor, Guid project, Guid person, string? reason, CancellationToken cancel) =>
        _store.WriteAsync(
            writer =>
            {
                writer.Audit(actor, reason is null ? "person.resumed" : "person.paused", person, new { project, reason });
                return writer
                    .Db.Memberships.Where(m => m.ProjectId == project && m.PersonId == person)
                    .ExecuteUpdateAsync(set => set.SetProperty(m => m.PausedBecause, reason), cancel);
            },
            cancel
        );

    /// <summary>A person that a program makes, without a password: simulated annotators, tests, runs that ask. Cannot sign in.</summary>
    public Task<PersonInfo> AddAsync(Guid? actor, string name, Role role, CancellationToken cancel) =>
        _store.WriteAsync(
            async writer =>
            {
                var normalized = Normalize(name);
                var known = await writer.Db.People.AsNoTracking().SingleOrDefaultAsync(p => p.NormalizedName == normalized, cancel);
                if (known is not null)
                {
                    return Info(known);
                }
                var person = Add(writer, name, null, role);
                writer.Audit(actor, "person.added", person.Id, new { role });
                return Info(person);
            },
            cancel
        );

    internal static string Normalize(string name) => name.Trim().Normalize(System.Text.NormalizationForm.FormKC).ToUpperInvariant();

    internal static PersonInfo Info(PersonRow row) =>
        new(
            row.Id,
            row.Name,
            row.Pseudonym,
            row.Role,
            StoreJson.Options.PropertyNamingPolicy!.ConvertName(row.State.ToString()),
            row.Imported,
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt)
        );

    private static PersonRow Add(StoreWriter writer, string name, string? passwordHash, Role role)
    {
        var id = writer.NewId();
        var person = new PersonRow
        {
            // From the id's random end: the same person is the same name in every export, and it tells nothing.
            Id = id,
            Name = name,
            NormalizedName = Normalize(name),
            Pseudonym = "annotator-" + id.ToString("N")[^10..],
            Role = role,
            PasswordHash = passwordHash,
            CreatedAt = writer.Now,
        };
        writer.Db.People.Add(person);
        return person;
    }

    private static SignedIn Open(StoreWriter writer, PersonRow person)
    {
        var (token, expires) = (Secrets.NewToken("s_"), writer.Now + (long)SessionLength.TotalMilliseconds);
        writer.Db.Sessions.Add(
            new SessionRow
            {
                TokenHash = Secrets.HashToken(token),
                PersonId = person.Id,
                CreatedAt = writer.Now,
                ExpiresAt = expires,
            }
        );
        return new SignedIn(Info(person), token, DateTimeOffset.FromUnixTimeMilliseconds(expires));
    }

    private static string AddInvite(StoreWriter writer, Guid? by, Role role, Guid? project, TimeSpan validity)
    {
        var token = Secrets.NewToken("i_");
        writer.Db.Invites.Add(
            new InviteRow
            {
                Id = writer.NewId(),
                TokenHash = Secrets.HashToken(token),
                Role = role,
                ProjectId = project,
                InvitedBy = by,
                ExpiresAt = writer.Now + (long)validity.TotalMilliseconds,
            }
        );
        return token;
    }

    private static IEnumerable<string> NameProblems(string name)
    {
        if (
            string.IsNullOrWhiteSpace(name)
            || name.Length > 100
            || name.Any(char.IsControl)
            || name.StartsWith("imported:", StringComparison.OrdinalIgnoreCase)
        )
        {
            yield return "the name must have 1 to 100 characters, none of them control characters.";
        }
    }

    private static IEnumerable<string> PasswordProblems(string password)
    {
        if (password.Length is < ShortestPassword or > 1000)
        {
            yield return $"the password must have at least {ShortestPassword} characters.";
        }
    }
}
