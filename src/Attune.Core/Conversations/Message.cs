namespace Attune.Core.Conversations;

/// <summary>The speaker of a message.</summary>
public enum Role
{
    System,
    User,
    Assistant,
    Tool,
}

/// <summary>One turn of a conversation.</summary>
public sealed record Message(Role Role, string Content);
