using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Encoding;

/// <summary>Which of the assistant's replies in a conversation are learned from.</summary>
public enum AssistantTurns
{
    /// <summary>Every one, each after the turns before it: what TRL calls assistant_only_loss.</summary>
    All,
    /// <summary>The last alone.</summary>
    Last,
}

/// <summary>Conversations as one demonstration for each reply.</summary>
public static class Replies
{
    /// <summary>
    /// The demonstrations with the earlier replies of their conversations before each. Together their answers are the tokens that a mask over the whole
    /// conversation would learn, wherever a template writes the beginning of a conversation alike whatever follows.
    /// </summary>
    public static ImmutableArray<Demonstration> Of(ImmutableArray<Demonstration> demonstrations, AssistantTurns turns) =>
        turns == AssistantTurns.Last ? demonstrations : [.. demonstrations.SelectMany(d => Earlier(d).Append(d))];

    private static IEnumerable<Demonstration> Earlier(Demonstration demonstration) => demonstration.Prompt is not Prompt.Chat { Messages: var messages } ? []
        : Enumerable.Range(1, Math.Max(0, messages.Length - 1)).Where(i => messages[i].Role == Role.Assistant)
            .Select(i => new Demonstration(new Prompt.Chat(messages[..i]), messages[i].Content));
}
