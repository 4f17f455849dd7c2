using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// Episodes of an agent with praise and blame, a format of our own because no public one holds them:
/// {prompt, episode, rewards: [{time, value, frame}], annotator}, as snapshots have them.
/// </summary>
internal sealed class TimedEpisodes : IExchangeFormat
{
    public string Name => "tamer";

    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Timed];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Timed;

    public bool Fits(JsonObject row) => row.ContainsKey("episode") && row["rewards"] is JsonArray;

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var content = new ItemContent(new Prompt.Text(row.Text("prompt")), [new Candidate(row.Text("episode"))]);
        var judgement = new TimedJudgement([.. row.List("rewards").Select((r, i) => Reward(r as JsonObject, $"rewards[{i}]"))]);
        var annotator = row.TextOrNull("annotator");
        row.Empty("prompt", "episode", "rewards", "annotator");
        yield return new ReadRow(content, new ExistingLabel(annotator, judgement) { Extras = RowFrame.Keep(Name, row) });
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is TimedJudgement))
        {
            var row = RowFrame.Of(label.Extras, Name) ?? [];
            row["prompt"] = Conversations.Transcript(label.Item.Prompt);
            row["episode"] = label.Item.Candidates[0].Text;
            row["rewards"] = new JsonArray([.. ((TimedJudgement)label.Judgement!).Rewards.Select(Row)]);
            row["annotator"] = label.Annotator;
            yield return row;
        }
    }

    private static JsonObject Row(TimedReward reward)
    {
        var row = new JsonObject { ["time"] = reward.Time, ["value"] = reward.Value };
        if (reward.Frame is { } frame)
        {
            row["frame"] = frame;
        }

        return row;
    }

    private static TimedReward Reward(JsonObject? reward, string field) =>
        reward is null
            ? throw new RowException(field, "is no object; expected {\"time\": ..., \"value\": ...}.")
            : new TimedReward(
                reward.Number("time"),
                reward.Number("value"),
                reward["frame"] is null ? null : reward["frame"].Whole($"{field}.frame")
            );
}
