using System.Collections.Immutable;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.People;

/// <summary>A person's role in one project.</summary>
/// <param name="Project">The project's name.</param>
public sealed record Membership(Guid PersonId, Guid ProjectId, string Project, MemberRole Role, string? PausedBecause);

/// <summary>Changes of roles, each inside its transaction.</summary>
internal static class RoleChanges
{
    private static readonly ImmutableArray<string> NoSuchPerson = ["there is no such person."];

    public static async Task<ImmutableArray<string>> SetRoleAsync(
        StoreWriter writer,
        Guid actor,
        Guid id,
        MemberRole role,
        CancellationToken cancel
    )
    {
        if (await FindAsync(writer, id, cancel) is not { } person)
        {
            return NoSuchPerson;
        }
        if (person.Imported)
        {
            return ["they are known from imported labels alone and cannot sign in; invite them first."];
        }
        if (role != MemberRole.Owner && await IsOnlyOwnerAsync(writer.Db, person, cancel))
        {
            return ["they are the only owner; make someone else an owner first."];
        }
        if (person.Role != role)
        {
            writer.Audit(actor, "person.role", id, new { from = person.Role, to = role });
        }
        person.Role = role;
        return [];
    }

    /// <summary>
    /// Disables a person or enables them again. Who is disabled cannot sign in, their keys do not work, and the tasks in their hands go to
    /// others; their labels stay.
    /// </summary>
    public static async Task<ImmutableArray<string>> SetDisabledAsync(
        StoreWriter writer,
        Guid actor,
        Guid id,
        bool disabled,
        CancellationToken cancel
    )
    {
        if (await FindAsync(writer, id, cancel) is not { } person)
        {
            return NoSuchPerson;
        }
        if (disabled && id == actor)
        {
            return ["you cannot disable yourself; ask another owner."];
        }
        if (disabled && await IsOnlyOwnerAsync(writer.Db, person, cancel))
        {
            return ["they are the only owner; make someone else an owner first."];
        }
        person.State = disabled ? PersonState.Paused : PersonState.Active;
        if (disabled)
        {
            await writer.Db.Sessions.Where(s => s.PersonId == id).ExecuteDeleteAsync(cancel);
            await writer.Db.Slots.Where(s => s.PersonId == id && s.State == SlotState.Leased).FreeAsync(cancel);
        }
        writer.Audit(actor, disabled ? "person.disabled" : "person.enabled", id, new { });
        return [];
    }

    /// <summary>Serialised with other changes of roles, or two owners could demote each other at the same time.</summary>
    private static async Task<PersonRow?> FindAsync(StoreWriter writer, Guid id, CancellationToken cancel)
    {
        await writer.Db.LockChainAsync(cancel);
        return await writer.Db.People.SingleOrDefaultAsync(p => p.Id == id && p.State != PersonState.Erased, cancel);
    }

    /// <summary>Whether nobody else who can sign in is an owner.</summary>
    public static async Task<bool> IsOnlyOwnerAsync(FeedbackContext db, PersonRow person, CancellationToken cancel) =>
        person is { Role: MemberRole.Owner, PasswordHash: not null, State: PersonState.Active }
        && !await db.People.AnyAsync(
            p => p.Id != person.Id && p.Role == MemberRole.Owner && p.State == PersonState.Active && p.PasswordHash != null,
            cancel
        );

    public static async Task<bool> SetMemberAsync(
        StoreWriter writer,
        Guid actor,
        Guid project,
        Guid person,
        MemberRole? role,
        CancellationToken cancel
    )
    {
        var mine = writer.Db.Memberships.Where(m => m.ProjectId == project && m.PersonId == person);
        if (role is not { } given)
        {
            await mine.ExecuteDeleteAsync(cancel);
        }
        // Updated in place, so that a paused person stays paused.
        else if (await mine.ExecuteUpdateAsync(set => set.SetProperty(m => m.Role, given), cancel) == 0)
        {
            PersonRecords.AddMember(writer, project, person, given);
        }
        writer.Audit(actor, "person.member", person, new { project, role });
        return true;
    }
}
