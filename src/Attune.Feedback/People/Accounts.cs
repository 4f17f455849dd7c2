using System.Collections.Immutable;
using Attune.Core;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.People;

/// <summary>
/// Invitations, passwords and sessions. There is no sign-up and no default password: the first owner joins by a set-up link, everyone else
/// by invitation.
/// </summary>
public sealed class Accounts
{
    private const int FreeAttempts = 5;
    private static readonly TimeSpan SessionLength = TimeSpan.FromDays(14);
    private static readonly TimeSpan SetUpValidity = TimeSpan.FromHours(24);
    private readonly StoreDatabase _database;

    // Checked where the name is unknown, so that the time taken does not reveal which names exist.
    private readonly Lazy<string> _decoyHash;

    internal Accounts(StoreDatabase database)
    {
        _database = database;
        _decoyHash = new(() => Credentials.HashPassword("", database.Options.PasswordRounds));
    }

    /// <summary>
    /// A one-time token for the first owner, valid for a day; null where there is an owner. Earlier set-up tokens expire.
    /// </summary>
    public Task<string?> SetUpAsync(CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                if (await writer.Db.People.AnyAsync(p => p.Role == MemberRole.Owner && p.State == PersonState.Active, cancel))
                {
                    return null;
                }
                await writer.Db.Invites.Where(i => i.Role == MemberRole.Owner && i.InvitedBy == null).ExecuteDeleteAsync(cancel);
                return (string?)AddInvite(writer, null, MemberRole.Owner, null, SetUpValidity);
            },
            cancel
        );

    /// <summary>An invitation: the holder of the token joins with this role, in one project or in the whole installation.</summary>
    /// <exception cref="ConfigurationException">An owner of one project: owners own all.</exception>
    public Task<Invitation> InviteAsync(Guid by, MemberRole role, Guid? project, TimeSpan validity, CancellationToken cancel) =>
        _database.WriteAsync(
            writer =>
            {
                if (role == MemberRole.Owner && project is not null)
                {
                    throw new ConfigurationException("an owner owns all projects; invite to one project as manager, annotator or reader.");
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
    /// Uses up a set-up token or an invitation, and creates a person. A person invited to one project has their role there alone: in the
    /// installation they are an annotator, which grants nothing by itself.
    /// </summary>
    public Task<JoinResult> JoinAsync(string token, string name, string password, CancellationToken cancel)
    {
        var problems = PersonRecords.NameProblems(name).Concat(Credentials.Problems(password)).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            return Task.FromResult<JoinResult>(new JoinResult.Invalid(problems));
        }
        var (hash, passwordHash) = (Credentials.HashToken(token), Credentials.HashPassword(password, _database.Options.PasswordRounds));
        return _database.WriteAsync<JoinResult>(
            async writer =>
            {
                var db = writer.Db;
                if (await FindInviteAsync(writer, hash, cancel) is not { } invite)
                {
                    return new JoinResult.BadLink();
                }
                var normalized = PersonRecords.Normalize(name);
                if (await db.People.AnyAsync(p => p.NormalizedName == normalized, cancel))
                {
                    return new JoinResult.Invalid(["the name is taken; choose another."]);
                }
                if (!await UseUpAsync(writer, invite, cancel))
                {
                    return new JoinResult.BadLink();
                }
                var role = invite.ProjectId is null ? invite.Role : MemberRole.Annotator;
                var person = PersonRecords.Add(writer, name.Trim(), passwordHash, role);
                if (invite.ProjectId is { } project)
                {
                    PersonRecords.AddMember(writer, project, person.Id, invite.Role);
                }
                writer.Audit(person.Id, "person.joined", person.Id, new { role = invite.Role, project = invite.ProjectId });
                return new JoinResult.Joined(OpenSession(writer, person));
            },
            cancel
        );
    }

    /// <summary>Uses up an invitation for a person who already has an account. Of two roles the higher one stays.</summary>
    /// <returns>False where the link was used, has expired, or never existed.</returns>
    public Task<bool> AcceptAsync(string token, Guid person, CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                var db = writer.Db;
                if (
                    await FindInviteAsync(writer, Credentials.HashToken(token), cancel) is not { } invite
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
                    member.Role = (MemberRole)Math.Max((int)member.Role, (int)invite.Role);
                }
                else
                {
                    PersonRecords.AddMember(writer, project, person, invite.Role);
                }

                writer.Audit(person, "person.joined", person, new { role = invite.Role, project = invite.ProjectId });
                return true;
            },
            cancel
        );

    /// <summary>
    /// Slow on purpose (the password's hash), and slower after five wrong passwords in a row: 1, 2, 4, ... seconds, at most 15 minutes.
    /// </summary>
    public async Task<SignInResult> SignInAsync(string name, string password, CancellationToken cancel)
    {
        var normalized = PersonRecords.Normalize(name);
        var found = await _database.ReadAsync(db =>
            db.People.AsNoTracking().SingleOrDefaultAsync(p => p.NormalizedName == normalized, cancel)
        );
        if (found is { LockedUntil: var until } && until > _database.Now)
        {
            return new SignInResult.Wait(DateTimeOffset.FromUnixTimeMilliseconds(until));
        }
        var right =
            Credentials.IsPassword(password, found?.PasswordHash ?? _decoyHash.Value)
            && found is { PasswordHash: not null, State: not PersonState.Erased };
        if (found is null)
        {
            return new SignInResult.Refused();
        }
        return await _database.WriteAsync<SignInResult>(
            async writer =>
            {
                var person = await writer.Db.People.SingleAsync(p => p.Id == found.Id, cancel);
                if (!right)
                {
                    CountFailure(person, writer.Now);
                    return new SignInResult.Refused();
                }

                (person.FailedSignIns, person.LockedUntil) = (0, 0);
                if (person.State == PersonState.Paused)
                {
                    return new SignInResult.Disabled();
                }
                return new SignInResult.Welcome(OpenSession(writer, person));
            },
            cancel
        );
    }

    /// <summary>The owner of a session's token; null where it has expired or never existed.</summary>
    public Task<PersonInfo?> SessionAsync(string token, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var (hash, now) = (Credentials.HashToken(token), _database.Now);
            var person = await (
                from session in db.Sessions
                join owner in db.People on session.PersonId equals owner.Id
                where session.TokenHash == hash && session.ExpiresAt > now && owner.State == PersonState.Active
                select owner
            )
                .AsNoTracking()
                .SingleOrDefaultAsync(cancel);
            return person is null ? null : PersonRecords.Info(person);
        });

    public Task SignOutAsync(string token, CancellationToken cancel) =>
        _database.WriteAsync(
            writer => writer.Db.Sessions.Where(s => s.TokenHash == Credentials.HashToken(token)).ExecuteDeleteAsync(cancel),
            cancel
        );

    /// <summary>Sets a new password; all sessions of the person end.</summary>
    /// <returns>What is wrong with the password; empty where it was changed.</returns>
    public async Task<ImmutableArray<string>> ChangePasswordAsync(Guid actor, Guid person, string password, CancellationToken cancel)
    {
        var problems = Credentials.Problems(password).ToImmutableArray();
        if (!problems.IsEmpty)
        {
            return problems;
        }
        var hash = Credentials.HashPassword(password, _database.Options.PasswordRounds);
        await _database.WriteAsync(
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

    private static Task<InviteRow?> FindInviteAsync(StoreWriter writer, string hash, CancellationToken cancel) =>
        writer.Db.Invites.SingleOrDefaultAsync(i => i.TokenHash == hash && i.UsedAt == null && i.ExpiresAt > writer.Now, cancel);

    /// <summary>In one statement, so that of two people who open the link at the same time only one gets in.</summary>
    private static async Task<bool> UseUpAsync(StoreWriter writer, InviteRow invite, CancellationToken cancel) =>
        await writer
            .Db.Invites.Where(i => i.Id == invite.Id && i.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.UsedAt, writer.Now), cancel) == 1;

    private static void CountFailure(PersonRow person, long now)
    {
        var extra = ++person.FailedSignIns - FreeAttempts;
        if (extra >= 0)
        {
            person.LockedUntil = now + (long)Math.Min(TimeSpan.FromMinutes(15).TotalMilliseconds, 1000 * Math.Pow(2, extra));
        }
    }

    private static SignedIn OpenSession(StoreWriter writer, PersonRow person)
    {
        var (token, expires) = (Credentials.NewToken("s_"), writer.Now + (long)SessionLength.TotalMilliseconds);
        writer.Db.Sessions.Add(
            new SessionRow
            {
                TokenHash = Credentials.HashToken(token),
                PersonId = person.Id,
                CreatedAt = writer.Now,
                ExpiresAt = expires,
            }
        );
        return new SignedIn(PersonRecords.Info(person), token, DateTimeOffset.FromUnixTimeMilliseconds(expires));
    }

    private static string AddInvite(StoreWriter writer, Guid? by, MemberRole role, Guid? project, TimeSpan validity)
    {
        var token = Credentials.NewToken("i_");
        writer.Db.Invites.Add(
            new InviteRow
            {
                Id = writer.NewId(),
                TokenHash = Credentials.HashToken(token),
                Role = role,
                ProjectId = project,
                InvitedBy = by,
                ExpiresAt = writer.Now + (long)validity.TotalMilliseconds,
            }
        );
        return token;
    }
}
