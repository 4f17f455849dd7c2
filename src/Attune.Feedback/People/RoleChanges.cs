using System.Collections.Immutable;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <summary>What a person may do in one project.</summary>
/// <param name="Project">The project's name.</param>
public sealed record Membership(Guid PersonId, Guid ProjectId, string Project, Role Role, string? PausedBecause);

/// <summary>Who may do what, changed; each inside its transaction.</summary>
internal static class RoleChanges
{
    public static async Task<ImmutableArray<string>> SetRoleAsync(
        StoreWriter writer,
        Guid actor,
        Guid id,
        Role role,
        CancellationToken cancel
    )
    {
        // Changes of roles come one after another, or two owners could make each other none at the same time.
        await writer.Db.LockChainAsync(cancel);
        var person = await writer.Db.People.SingleOrDefaultAsync(p => p.Id == id && p.State != PersonState.Erased, cancel);
        if (person is null)
        {
            return ["there is no such person."];
        }
        if (person.Imported)
        {
            return ["they are known from imported labels alone and cannot sign in; invite them first."];
        }
        if (
            person.Role == Role.Owner
            && role != Role.Owner
            && !await writer.Db.People.AnyAsync(
                p => p.Id != id && p.Role == Role.Owner && p.State == PersonState.Active && p.PasswordHash != null,
                cancel
            )
        )
        {
            return ["they are the only owner; make somebody else an owner first."];
        }
        if (person.Role != role)
        {
            writer.Audit(actor, "person.role", id, new { from = person.Role, to = role });
        }
        person.Role = role;
        return [];
    }

    public static async Task<bool> SetMemberAsync(
        StoreWriter writer,
        Guid actor,
        Guid project,
        Guid person,
        Role? role,
        CancellationToken cancel
    )
    {
        var mine = writer.Db.Memberships.Where(m => m.ProjectId == project && m.PersonId == person);
        if (role is not { } given)
        {
            await mine.ExecuteDeleteAsync(cancel);
        }
        // Changed in place: whoever is paused stays paused.
        else if (await mine.ExecuteUpdateAsync(set => set.SetProperty(m => m.Role, given), cancel) == 0)
        {
            writer.Db.Memberships.Add(
                new MembershipRow
                {
                    PersonId = person,
                    ProjectId = project,
                    Role = given,
                }
            );
        }
        writer.Audit(actor, "person.member", person, new { project, role });
        return true;
    }
}
