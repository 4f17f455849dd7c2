using System.Text;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;

namespace Attune.Feedback.People;

/// <summary>Rows of people: how they are made, named and shown.</summary>
internal static class PersonRecords
{
    /// <summary>The form in which names are compared: case and compatibility variants of characters do not count.</summary>
    public static string Normalize(string name) => name.Trim().Normalize(NormalizationForm.FormKC).ToUpperInvariant();

    public static PersonInfo Info(PersonRow row) =>
        new(
            row.Id,
            row.Name,
            row.Pseudonym,
            row.Role,
            StoreJson.Options.PropertyNamingPolicy!.ConvertName(row.State.ToString()),
            row.Imported,
            DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt)
        );

    public static PersonRow Add(StoreWriter writer, string name, string? passwordHash, MemberRole role)
    {
        var id = writer.NewId();
        var person = new PersonRow
        {
            Id = id,
            Name = name,
            NormalizedName = Normalize(name),
            // From the id's random end: the same person has the same name in every export, and it reveals nothing.
            Pseudonym = "annotator-" + id.ToString("N")[^10..],
            Role = role,
            PasswordHash = passwordHash,
            CreatedAt = writer.Now,
        };
        writer.Db.People.Add(person);
        return person;
    }

    public static void AddMember(StoreWriter writer, Guid project, Guid person, MemberRole role) =>
        writer.Db.Memberships.Add(
            new MembershipRow
            {
                PersonId = person,
                ProjectId = project,
                Role = role,
            }
        );

    /// <summary>What is wrong with a name; empty where it can be used.</summary>
    public static IEnumerable<string> NameProblems(string name)
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
}
