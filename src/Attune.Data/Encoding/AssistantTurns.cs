using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Tokens;

namespace Attune.Data.Encoding;

/// <summary>Which of the assistant's replies in a conversation are learned from.</summary>
public enum AssistantTurns
{
    /// <summary>Every one, each after the turns before it.</summary>
    All,

    /// <summary>The last alone.</summary>
    Last,
}

/// <summary>Conversations as one demonstration for each reply.</summary>
public static class Replies
{
    /// <summary>
    /// The demonstrations with the earlier replies of their conversations before each. Together their answers are the tokens that a mask
    /// over the whole conversation would learn, wherever a template writes the beginning of a conversation alike whatever follows.
    /// </summary>
    public static ImmutableArray<Demonstration> Of(ImmutableArray<Demonstration> demonstrations, AssistantTurns turns) =>
        turns == AssistantTurns.Last ? demonstrations : [.. demonstrations.SelectMany(d => Earlier(d).Append(d))];

    /// <summary>The rows with whole conversations to be learned, what others say included; rows that are no conversations stay.</summary>
    /// <param name="sources">What the rows were encoded from.</param>
    /// <param name="first">The first token that is learned: 1 after a begin token, else 0.</param>
    public static EncodedData<TokenSequence> Whole(EncodedData<TokenSequence> rows, ImmutableArray<Demonstration> sources, int first) =>
        rows with
        {
            Items =
            [
                .. rows.Items.Select((row, i) => sources[rows.Sources[i]].Prompt is Prompt.Chat ? row with { AnswerStart = first } : row),
            ],
        };

    private static IEnumerable<Demonstration> Earlier(Demonstration demonstration) =>
        demonstration.Prompt is not Prompt.Chat { Messages: var messages }
            ? []
            : Enumerable
                .Range(1, Math.Max(0, messages.Length - 1))
                .Where(i => messages[i].Role == Role.Assistant)
                .Select(i => new Demonstration(new Prompt.Chat(messages[..i]), messages[i].Content));
}
