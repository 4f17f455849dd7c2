using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Tokens;

namespace Attune.Data.Encoding;

/// <summary>The assistant's replies in a conversation that training learns from.</summary>
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
    /// The demonstrations, each preceded by the earlier replies of its conversation. Their answers together are the tokens that a mask
    /// over the whole conversation would select, if the template writes the beginning of a conversation the same regardless of what
    /// follows.
    /// </summary>
    public static ImmutableArray<Demonstration> Of(ImmutableArray<Demonstration> demonstrations, AssistantTurns turns) =>
        turns == AssistantTurns.Last ? demonstrations : [.. demonstrations.SelectMany(d => Earlier(d).Append(d))];

    /// <summary>
    /// The rows with whole conversations to learn, including what others say; rows that are not conversations stay unchanged.
    /// </summary>
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
        demonstration.Prompt is not Prompt.Chat { Messages: var messages, Tools: var tools }
            ? []
            : Enumerable
                .Range(1, Math.Max(0, messages.Length - 1))
                .Where(i => messages[i].Role == Role.Assistant)
                .Select(i => new Demonstration(new Prompt.Chat(messages[..i]) { Tools = tools }, messages[i].Content)
                {
                    Reply = messages[i].Fields is null ? null : messages[i],
                });
}
