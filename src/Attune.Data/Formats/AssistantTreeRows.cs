using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// Trees of messages with ranked replies, as OpenAssistant (Köpf et al. 2023, arXiv:2304.07327) exports them. Every message of a user with
/// at least two ranked replies is a ranking; the conversation along the best replies is a demonstration.
/// </summary>
internal sealed class AssistantTreeRows : IRowLayout
{
    private const string Root = "prompt";

    public LaidOut? Fit(ColumnSample columns) =>
        columns.IsObject(Root) && columns.Get(Root).TryGetProperty("replies", out _)
            ? new LaidOut(
                "trees of messages {prompt: {text, replies}}",
                [DatasetKind.Ranking, DatasetKind.PromptCompletion, DatasetKind.PromptOnly],
                [Root],
                Read
            )
            : null;

    private static object[] Read(RowFields row, DatasetKind kind)
    {
        var root = row.Get(Root);
        var first = ImmutableArray.Create(TurnOf(row, root, Root));
        switch (kind)
        {
            case DatasetKind.PromptOnly:
                return [new Prompt.Chat(first)];
            case DatasetKind.Ranking:
                Ranking[] rankings = [.. Rankings(row, root, first, Root)];
                if (rankings.Length == 0)
                {
                    row.Drop("no message has two ranked replies");
                }

                return rankings;
            default:
                var path = BestPath(row, root, first);
                var (prompt, answer) = Conversation.Split(row, path);
                return [new Demonstration(prompt, answer)];
        }
    }

    private static IEnumerable<Ranking> Rankings(RowFields row, JsonElement node, ImmutableArray<Message> path, string field)
    {
        var replies = Replies(node);
        var ranked = replies.Where(r => Rank(r) is not null && IsAssistant(r)).OrderBy(Rank).ToArray();
        if (ranked.Length > 1)
        {
            yield return new Ranking(
                new Prompt.Chat(path),
                [.. ranked.Select(r => row.Text(Get(r, "text"), field + ".replies[].text"))],
                [.. ranked.Select(r => Rank(r)!.Value + 1)]
            );
        }

        foreach (var reply in replies)
        {
            foreach (var below in Rankings(row, reply, path.Add(TurnOf(row, reply, field + ".replies[]")), field + ".replies[]"))
            {
                yield return below;
            }
        }
    }

    /// <summary>The best reply at each turn, up to the assistant's last.</summary>
    private static ImmutableArray<Message> BestPath(RowFields row, JsonElement root, ImmutableArray<Message> first)
    {
        var path = first.ToBuilder();
        for (
            var node = root;
            Replies(node).OrderBy(r => Rank(r) ?? int.MaxValue).FirstOrDefault() is { ValueKind: JsonValueKind.Object } best;
            node = best
        )
        {
            path.Add(TurnOf(row, best, Root + ".replies[]"));
        }

        while (path.Count > 1 && path[^1].Role != Role.Assistant)
        {
            path.RemoveAt(path.Count - 1);
        }

        return path.ToImmutable();
    }

    private static Message TurnOf(RowFields row, JsonElement node, string field) =>
        new(IsAssistant(node) ? Role.Assistant : Role.User, row.Text(Get(node, "text"), field + ".text"));

    /// <summary>Not those that were deleted or failed the review.</summary>
    private static JsonElement[] Replies(JsonElement node) =>
        Get(node, "replies") is { ValueKind: JsonValueKind.Array } replies
            ?
            [
                .. replies
                    .EnumerateArray()
                    .Where(r =>
                        r.ValueKind == JsonValueKind.Object
                        && Get(r, "deleted").ValueKind != JsonValueKind.True
                        && Get(r, "review_result").ValueKind != JsonValueKind.False
                    ),
            ]
            : [];

    private static int? Rank(JsonElement node) =>
        Get(node, "rank") is { ValueKind: JsonValueKind.Number } rank && rank.TryGetInt32(out var place) && place >= 0 ? place : null;

    private static bool IsAssistant(JsonElement node) =>
        Get(node, "role") is { ValueKind: JsonValueKind.String } role && role.ValueEquals("assistant");
}
