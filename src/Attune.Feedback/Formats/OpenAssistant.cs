using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Speaker = Attune.Core.Conversations.Role;

namespace Attune.Feedback.Formats;

/// <summary>
/// Open-Assistant's message trees (Köpf et al. 2023): each message whose replies by the assistant are ranked makes a ranking, with
/// the path to the message as its prompt. Open-Assistant merged the ranks from several people. The tree stays in the frame
/// of its first ranking.
/// </summary>
internal sealed class OpenAssistant : IExchangeFormat
{
    private const string Annotator = "open-assistant";

    public string Name => "open-assistant";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Ranking];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Ranking;

    public bool Fits(JsonObject row) => row.ContainsKey("message_tree_id") && row["prompt"] is JsonObject;

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var tree = row.Text("message_tree_id");
        if (!context.Flagged && row.TextOrNull("tree_state") is { } state && state != "ready_for_export")
        {
            throw new DroppedRowException($"a tree in the state {state}, not ready for export");
        }
        var found = new List<(ImmutableArray<Message> Path, JsonObject Parent, JsonObject[] Ranked)>();
        Walk(row.Object("prompt"), [], found, context.Flagged);
        if (found.Count == 0)
        {
            yield break;
        }
        var read = found
            .Select(f =>
                (
                    Parent: f.Parent.Text("message_id"),
                    Content: Content(f.Path, f.Ranked, $"{tree}/{f.Parent.Text("message_id")}"),
                    Ranks: Ranks(f.Ranked)
                )
            )
            .ToArray();
        foreach (var message in found.SelectMany(f => f.Ranked))
        {
            // The ranks stay, because gaps between them say nothing and come out as they were.
            message.Empty("text");
        }

        foreach (var (i, (parent, content, ranks)) in read.Index())
        {
            var frame = new JsonObject
            {
                ["tree"] = tree,
                ["parent"] = parent,
                ["row"] = i == 0 ? row : null,
            };
            yield return new ReadRow(
                content,
                new ExistingLabel(Annotator, new RankingJudgement(ranks)) { Extras = RowFrame.Keep(Name, frame) }
            );
        }
    }

    public string GroupOf(OutLabel label) => RowFrame.Of(label.Extras, Name)?.Text("tree") ?? label.Id.ToString();

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        var framed = labels.Select(l => (Label: l, RowFrame: RowFrame.Of(l.Extras, Name))).ToArray();
        if (framed.Select(f => f.RowFrame?["row"]).OfType<JsonObject>().FirstOrDefault()?.DeepClone() is not JsonObject row)
        {
            return labels.Where(l => l.Judgement is RankingJudgement).Select(Plain);
        }
        var byParent = framed.ToDictionary(f => f.RowFrame!.Text("parent"), f => f.Label);
        Fill(row.Object("prompt"), byParent);
        return [row];
    }

    private static void Walk(
        JsonObject message,
        ImmutableArray<Message> before,
        List<(ImmutableArray<Message>, JsonObject, JsonObject[])> found,
        bool flagged
    )
    {
        var path = before.Add(new Message(message.Text("role") == "assistant" ? Speaker.Assistant : Speaker.User, message.Text("text")));
        JsonObject[] replies = [.. Replies(message).Where(r => flagged || IsKept(r))];
        var ranked = replies.Where(r => r["rank"] is not null && r.Text("role") == "assistant").ToArray();
        if (ranked.Length >= 2)
        {
            found.Add((path, message, ranked));
        }
        foreach (var reply in replies)
        {
            Walk(reply, path, found, flagged);
        }
    }

    /// <summary>The replies that were read, in the same order: those whose text was emptied.</summary>
    private static void Fill(JsonObject message, Dictionary<string, OutLabel> labels)
    {
        if (labels.TryGetValue(message.Text("message_id"), out var label))
        {
            var ranks = ((RankingJudgement)label.Judgement!).Ranks;
            JsonObject[] emptied = [.. Replies(message).Where(r => r.ContainsKey("text") && r["text"] is null)];
            var same = Ranks(emptied).SequenceEqual(ranks);
            foreach (var (i, reply) in emptied.Index())
            {
                reply["text"] = label.Item.Candidates[i].Text;
                reply["rank"] = same ? reply["rank"]?.DeepClone() : ranks[i] - 1;
            }
        }

        foreach (var reply in Replies(message))
        {
            Fill(reply, labels);
        }
    }

    private static ItemContent Content(ImmutableArray<Message> path, JsonObject[] ranked, string name) =>
        new(new Prompt.Chat(path), [.. ranked.Select(r => new Candidate(r.Text("text")) { Policy = r.TextOrNull("model_name") })])
        {
            ExternalId = name,
        };

    /// <summary>Not those that were deleted or failed the review.</summary>
    private static bool IsKept(JsonObject message) =>
        !(message["deleted"] is JsonValue deleted && deleted.TryGetValue<bool>(out var gone) && gone)
        && !(message["review_result"] is JsonValue review && review.TryGetValue<bool>(out var passed) && !passed);

    /// <summary>From 1, the best. Replies that were removed leave gaps, which say nothing: only the order counts.</summary>
    private static ImmutableArray<int> Ranks(JsonObject[] ranked)
    {
        int[] given = [.. ranked.Select(r => r["rank"].Whole("rank"))];
        return given.Min() >= 0
            ? [.. given.Select(r => 1 + given.Count(other => other < r))]
            : throw new RowException("rank", $"found {given.Min()}; expected ranks from 0, the best");
    }

    private static JsonObject Plain(OutLabel label)
    {
        var ranks = ((RankingJudgement)label.Judgement!).Ranks;
        var messages = label.Item.Prompt is Prompt.Chat chat
            ? chat.Messages
            : [new Message(Speaker.User, ((Prompt.Text)label.Item.Prompt).Value)];
        JsonArray replies =
        [
            .. label.Item.Candidates.Select((c, i) => (JsonNode)Node($"{label.Id}-{i}", "assistant", c.Text, [], ranks[i] - 1, c.Policy)),
        ];
        foreach (var (i, message) in messages.Index().Reverse())
        {
            replies =
            [
                Node(
                    $"{label.Id}-prompt-{i}",
                    message.Role == Speaker.Assistant ? "assistant" : "prompter",
                    message.Content,
                    replies,
                    null,
                    null
                ),
            ];
        }

        var root = replies[0]!.DeepClone();
        return new JsonObject
        {
            ["message_tree_id"] = root["message_id"]!.DeepClone(),
            ["tree_state"] = "ready_for_export",
            ["prompt"] = root,
        };
    }

    private static JsonObject Node(string id, string role, string text, JsonArray replies, int? rank, string? model) =>
        new()
        {
            ["message_id"] = id,
            ["text"] = text,
            ["role"] = role,
            ["rank"] = rank,
            ["synthetic"] = model is not null,
            ["model_name"] = model,
            ["replies"] = replies,
        };

    private static IEnumerable<JsonObject> Replies(JsonObject message) =>
        message["replies"] is JsonArray replies ? replies.Select(r => r!.AsObject()) : [];
}
