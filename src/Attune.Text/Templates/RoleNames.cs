using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core.Conversations;

namespace Attune.Text.Templates;

/// <summary>Roles as data files and templates write them.</summary>
public static class RoleNames
{
    public static ImmutableArray<string> All { get; } = [.. Enum.GetValues<Role>().Select(Of)];

    public static string Of(Role role) =>
        role switch
        {
            Role.System => "system",
            Role.User => "user",
            Role.Assistant => "assistant",
            Role.Tool => "tool",
            _ => throw new UnreachableException(),
        };

    /// <summary>Null where the name is no role.</summary>
    public static Role? Find(string name) => Enum.GetValues<Role>().Cast<Role?>().FirstOrDefault(r => Of(r!.Value) == name);
}
