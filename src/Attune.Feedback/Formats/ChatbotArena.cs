using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Speaker = Attune.Core.Conversations.Role;

namespace Attune.Feedback.Formats;

/// <summary>
/// Chatbot Arena's battles (Zheng et al. 2023): two conversations and a winner, or one of two kinds of tie. Conversations of one turn
/// become two answers to a prompt; in longer ones each model went its own way, so the answers are the transcripts from its first reply on.
/// </summary>
internal sealed class ChatbotArena : IRowFormat
{
    private static readonly ImmutableArray<(string Word, Pick Pick)> Winners =
    [
        ("model_a", Pick.First),
        ("model_b", Pick.Second),
        ("tie", Pick.Tie),
        ("tie (bothbad)", Pick.BothBad),
    ];

    public string Name => "chatbot-arena";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Comparison];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Comparison;

    public bool Fits(JsonObject row) => row.ContainsKey("conversation_a") && row.ContainsKey("conversation_b");

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var (a, b) = (Turns(row, "conversation_a"), Turns(row, "conversation_b"));
        var shared = 0;
        while (shared < Math.Min(a.Length, b.Length) && a[shared] == b[shared] && a[shared].Role != Speaker.Assistant)
        {
            shared++;
        }

        var winner = row.Text("winner");
        var pick =
            Winners.Where(w => w.Word == winner).Select(w => (Pick?)w.Pick).FirstOrDefault()
            ?? throw new RowException("winner", $"found '{winner}'; expected one of {string.Join(", ", Winners.Select(w => w.Word))}.");
        var judge = row.TextOrNull("judge");
        var content = new ItemContent(
            new Prompt.Chat(a[..shared]),
            [
                new Candidate(Answer(a[shared..])) { Policy = row.TextOrNull("model_a") },
                new Candidate(Answer(b[shared..])) { Policy = row.TextOrNull("model_b") },
            ]
        );
        row.Empty("winner", "judge", "model_a", "model_b");
        EmptyAnswer(row.List("conversation_a"), shared);
        EmptyAnswer(row.List("conversation_b"), shared);
        yield return new ReadRow(content, new ExistingLabel(judge, new ComparisonJudgement(pick)) { Extras = RowFrame.Keep(Name, row) });
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is ComparisonJudgement))
        {
            var (first, second) = (label.Item.Candidates[0], label.Item.Candidates[1]);
            var row =
                RowFrame.Of(label.Extras, Name)
                ?? new JsonObject
                {
                    ["question_id"] = label.Item.ExternalId ?? label.Id.ToString(),
                    ["model_a"] = null,
                    ["model_b"] = null,
                    ["winner"] = null,
                    ["judge"] = null,
                    ["conversation_a"] = Plain(label.Item.Prompt),
                    ["conversation_b"] = Plain(label.Item.Prompt),
                    ["turn"] = 1,
                    ["anony"] = true,
                    ["tstamp"] = label.At is { } at ? at.ToUnixTimeMilliseconds() / 1000.0 : null,
                };
            (row["model_a"], row["model_b"]) = (first.Policy, second.Policy);
            row["winner"] = Winners.First(w => w.Pick == ((ComparisonJudgement)label.Judgement!).Pick).Word;
            row["judge"] = label.Annotator;
            FillAnswer(row.List("conversation_a"), first.Text);
            FillAnswer(row.List("conversation_b"), second.Text);
            yield return row;
        }
    }

    private static ImmutableArray<Message> Turns(JsonObject row, string field) =>
        [
            .. row.List(field)
                .Select(m => m!.AsObject())
                .Select(m => new Message(Conversations.Role(m.Text("role"), field), m.Text("content"))),
        ];

    private static string Answer(ImmutableArray<Message> turns) =>
        turns is [var only]
            ? only.Content
            : string.Concat(
                turns.Select(
                    (t, i) =>
                        i == 0 ? t.Content
                        : t.Role == Speaker.Assistant ? $"\n\nAssistant: {t.Content}"
                        : $"\n\nHuman: {t.Content}"
                )
            );

    private static void EmptyAnswer(JsonArray turns, int shared)
    {
        if (turns.Count == shared + 1)
        {
            turns[shared]!.AsObject().Empty("content");
        }
    }

    private static void FillAnswer(JsonArray turns, string text)
    {
        if (turns is [.., JsonObject last] && last["content"] is null)
        {
            last["content"] = text;
        }
    }

    private static JsonArray Plain(Prompt prompt) =>
        [
            .. Conversations
                .ToJson(prompt is Prompt.Chat chat ? chat.Messages : [new Message(Speaker.User, ((Prompt.Text)prompt).Value)])
                .Select(m => m!.DeepClone()),
            new JsonObject { ["role"] = "assistant", ["content"] = null },
        ];
}
