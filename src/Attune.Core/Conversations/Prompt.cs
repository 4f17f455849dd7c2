using System.Collections.Immutable;

namespace Attune.Core.Conversations;

/// <summary>A prompt: plain text to continue, or a conversation to reply to.</summary>
public abstract record Prompt
{
    private Prompt() { }

    /// <summary>A stable text form, for grouping by prompt, splitting and display. Equal prompts have equal keys.</summary>
    public abstract string Key { get; }

    /// <summary>Plain text; the answer continues it directly.</summary>
    public sealed record Text(string Value) : Prompt
    {
        public override string Key => Value;
    }

    /// <summary>The turns before the requested reply; a chat template converts them to tokens.</summary>
    public sealed record Chat(ImmutableArray<Message> Messages) : Prompt
    {
        public override string Key => string.Join('\u001e', Messages.Select(m => $"{m.Role}\u001f{m.Content}"));

        public bool Equals(Chat? other) => other is not null && Messages.SequenceEqual(other.Messages);

        public override int GetHashCode() => Messages.Aggregate(17, HashCode.Combine);
    }
}
