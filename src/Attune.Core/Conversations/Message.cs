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
public sealed record Message(Role Role, string Content)
{
    /// <summary>
    /// A turn that calls tools, or gives what one returned, as chat templates read it: a JSON object of everything but the role, with the
    /// content, which may be null or missing. Null for a turn that is its content alone.
    /// </summary>
    public string? Fields { get; init; }

    /// <summary>For people to read: the content, or what is there in its place.</summary>
    public string Said() => Content.Length == 0 && Fields is not null ? Fields : Content;
}
