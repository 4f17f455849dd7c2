using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>
/// Conversations as ShareGPT's users wrote them and LLaMA-Factory reads them: <c>conversations</c> of {from, value}, alone, with a
/// chosen and a rejected reply, or with a verdict on the last reply (<c>kto_tag</c>, <c>label</c>).
/// </summary>
internal sealed class ConversationRows : IRowLayout
{
    private const string Own = "messages";
    private static readonly ImmutableArray<string> Conversations = ["conversations", "conversation", Own, "dialogue", "turns"];

    /// <summary>Columns that judge an answer by true or false.</summary>
    public static ImmutableArray<string> Verdicts { get; } = ["kto_tag", "label"];

    public LaidOut? Fit(ColumnSample columns)
    {
        if (Conversations.FirstOrDefault(columns.IsMessages) is not { } column)
        {
            return null;
        }

        var pair = IsReply(columns, "chosen") && IsReply(columns, "rejected");
        var verdict = Verdicts.FirstOrDefault(columns.IsFlag);
        if (column == Own && !pair && verdict is null)
        {
            return null;
        }

        ImmutableArray<DatasetKind> kinds =
            pair ? [DatasetKind.Preference, DatasetKind.PromptOnly]
            : verdict is not null ? [DatasetKind.UnpairedPreference, DatasetKind.PromptOnly]
            : columns.Has("chosen") ? []
            : [DatasetKind.PromptCompletion, DatasetKind.PromptOnly];
        if (kinds.IsEmpty)
        {
            return null;
        }

        ImmutableArray<string> used =
        [
            column,
            .. pair ? ["chosen", "rejected"] : Array.Empty<string>(),
            .. verdict is null ? [] : new[] { verdict },
        ];
        return new LaidOut(
            $"conversations {{{string.Join(", ", used)}}}",
            kinds,
            [.. used, "system", .. kinds[0] == DatasetKind.PromptCompletion ? [ToolFields.Tools] : Array.Empty<string>()],
            (row, kind) => [Read(row, kind, column, verdict)]
        );
    }

    /// <summary>A reply is a message or a text. Lists are whole conversations, which preference rows read.</summary>
    private static bool IsReply(ColumnSample columns, string column) => columns.IsText(column) || columns.IsObject(column);

    private static object Read(RowFields row, DatasetKind kind, string column, string? verdict)
    {
        row.ReadsTools = kind == DatasetKind.PromptCompletion;
        var messages = row.Messages(column);
        if (row.TextOrNull("system") is { Length: > 0 } system && messages[0].Role != Role.System)
        {
            messages = messages.Insert(0, new Message(Role.System, system));
        }

        switch (kind)
        {
            case DatasetKind.Preference:
                var prompt = new Prompt.Chat(messages);
                return new Preference(
                    prompt,
                    Conversation.Reply(row, prompt, "chosen").Answer,
                    Conversation.Reply(row, prompt, "rejected").Answer
                );
            case DatasetKind.PromptOnly:
                return Conversation.Open(row, messages);
            case DatasetKind.UnpairedPreference:
                var (asked, judged) = Conversation.Split(row, messages);
                return new Verdict(asked, judged, row.Flag(verdict!));
            default:
                return Conversation.Demonstration(row, Conversation.Split(row, messages).Prompt, messages[^1]);
        }
    }
}
