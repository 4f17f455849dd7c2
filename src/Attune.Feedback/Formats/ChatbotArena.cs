using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Speaker = Attune.Core.Conversations.Role;

namespace Attune.Feedback.Formats;

/// <summary>
/// Chatbot Arena's battles (Zheng et al. 2023): two conversations and a winner, or one of two kinds of tie. A battle of one turn is two
/// answers to a prompt. Longer ones are left out: the two conversations differ before the last answer.
/// </summary>
internal sealed class ChatbotArena : IExchangeFormat
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
        CheckFlags(row, context);
        var (a, b) = (Turns(row, "conversation_a"), Turns(row, "conversation_b"));
        var shared = 0;
        while (shared < Math.Min(a.Length, b.Length) && a[shared] == b[shared] && a[shared].Role != Speaker.Assistant)
        {
            shared++;
        }

        if (a[shared..] is not [{ Role: Speaker.Assistant } first] || b[shared..] is not [{ Role: Speaker.Assistant } second])
        {
            // An answer of several turns would hold the user's words too, and training would learn to write them.
            throw new DroppedRowException("the two conversations already differ before their last turn");
        }
        var winner = row.Text("winner");
        var pick =
            Winners.Where(w => w.Word == winner).Select(w => (Pick?)w.Pick).FirstOrDefault()
            ?? throw new RowException("winner", $"found '{winner}'; expected one of {string.Join(", ", Winners.Select(w => w.Word))}.");
        var judge = row.TextOrNull("judge");
        var content = new ItemContent(
            new Prompt.Chat(a[..shared]),
            [
                new Candidate(first.Content) { Policy = row.TextOrNull("model_a") },
                new Candidate(second.Content) { Policy = row.TextOrNull("model_b") },
            ]
        );
        row.Empty("winner", "judge", "model_a", "model_b");
        row.List("conversation_a")[shared]!.AsObject().Empty("content");
        row.List("conversation_b")[shared]!.AsObject().Empty("content");
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

    /// <summary>Votes that the Arena's own ranking leaves out.</summary>
    private static void CheckFlags(JsonObject row, FormatContext context)
    {
        static bool IsFalse(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) && !flag;
        if (!context.Flagged && IsFalse(row["anony"]))
        {
            throw new DroppedRowException("a battle in which the models' names were shown");
        }
        if (!context.Flagged && IsFalse((row["dedup_tag"] as JsonObject)?["sampled"]))
        {
            throw new DroppedRowException("a repeated prompt, which dedup_tag leaves out");
        }
    }

    private static ImmutableArray<Message> Turns(JsonObject row, string field) =>
        [
            .. row.List(field)
                .Select(m => m!.AsObject())
                .Select(m => new Message(Conversations.Role(m.Text("role"), field), m.Text("content"))),
        ];

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
