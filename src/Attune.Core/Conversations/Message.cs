namespace Attune.Core.Conversations;

/// <summary>Who speaks.</summary>
public enum Role
{
    System,
    User,
    Assistant,
    Tool,
}

/// <summary>One turn of a conversation.</summary>
public sealed record Message(Role Role, string Content);
