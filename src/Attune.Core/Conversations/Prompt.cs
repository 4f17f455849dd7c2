using System.Collections.Immutable;
using System.Text.Json;

namespace Attune.Core.Conversations;

/// <summary>A prompt: plain text to continue, or a conversation to reply to.</summary>
public abstract record Prompt
{
    private Prompt() { }

    /// <summary>A stable text form, for grouping by prompt, splitting and display. Equal prompts have equal keys.</summary>
    public abstract string Key { get; }

    /// <summary>
    /// The other columns of the row that the prompt came from, which rewards may read and the policy never sees. Prompts are equal whatever
    /// these are.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Columns { get; init; } = ImmutableSortedDictionary<string, JsonElement>.Empty;

    public virtual bool Equals(Prompt? other) => other is not null && EqualityContract == other.EqualityContract;

    public override int GetHashCode() => EqualityContract.GetHashCode();

    /// <summary>Plain text; the answer continues it directly.</summary>
    public sealed record Text(string Value) : Prompt
    {
        public override string Key => Value;
    }

    /// <summary>The turns before the requested reply; a chat template converts them to tokens.</summary>
    public sealed record Chat(ImmutableArray<Message> Messages) : Prompt
    {
        /// <summary>Tools that the assistant may call: a JSON list of their descriptions; null for none.</summary>
        public string? Tools { get; init; }

        public override string Key =>
            string.Join('\u001e', Messages.Select(m => $"{m.Role}\u001f{m.Content}{m.Fields}")) + (Tools is null ? "" : "\u001e" + Tools);

        public bool Equals(Chat? other) => other is not null && Tools == other.Tools && Messages.SequenceEqual(other.Messages);

        public override int GetHashCode() => Messages.Aggregate(17, HashCode.Combine);
    }
}
