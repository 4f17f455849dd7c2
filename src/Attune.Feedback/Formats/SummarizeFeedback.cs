using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// OpenAI's summarize-from-feedback (Stiennon et al. 2020): comparisons of two summaries, and summaries rated on axes, of which "overall"
/// (1 to 7) is the rating.
/// </summary>
internal sealed class SummarizeFeedback : IExchangeFormat
{
    public string Name => "summarize-from-feedback";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Comparison, ProjectKind.Rating];

    public ProjectKind KindOf(JsonObject row) => row.ContainsKey("summaries") ? ProjectKind.Comparison : ProjectKind.Rating;

    public bool Fits(JsonObject row) => row.ContainsKey("info") && (row.ContainsKey("summaries") || row["summary"] is JsonObject);

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var prompt = Prompt(row.Object("info"));
        var summaries = row.ContainsKey("summaries") ? row.List("summaries").Select(s => s!.AsObject()).ToArray() : [row.Object("summary")];
        var worker = row.TextOrNull("worker");
        var judgement = Judge(row, summaries);
        ImmutableArray<Candidate> candidates =
        [
            .. summaries.Select(s => new Candidate(s.Text("text")) { Policy = s.TextOrNull("policy") }),
        ];
        row.Empty("worker", "choice");
        foreach (var summary in summaries)
        {
            summary.Empty("text", "policy");
            (summary["axes"] as JsonObject)?.Empty("overall");
        }

        yield return new ReadRow(
            new ItemContent(new Prompt.Text(prompt), candidates),
            new ExistingLabel(worker, judgement) { Extras = RowFrame.Keep(Name, row) }
        );
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is not null))
        {
            var row = RowFrame.Of(label.Extras, Name) ?? Plain(label);
            var places = row["summaries"] is JsonArray list ? list.Select(s => s!.AsObject()).ToArray() : [row.Object("summary")];
            foreach (var (i, place) in places.Index())
            {
                place["text"] = label.Item.Candidates[i].Text;
                place["policy"] = label.Item.Candidates[i].Policy;
            }

            row["worker"] = label.Annotator;
            switch (label.Judgement)
            {
                case ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison:
                    row["choice"] = comparison.Pick == Pick.First ? 0 : 1;
                    yield return row;
                    break;
                case RatingJudgement rating:
                    places[0].Object("axes")["overall"] = Numbers.Json(rating.Value);
                    yield return row;
                    break;
            }
        }
    }

    private static Judgement Judge(JsonObject row, JsonObject[] summaries)
    {
        if (row.ContainsKey("summary"))
        {
            return new RatingJudgement(summaries[0].Object("axes").Number("overall"));
        }
        if (summaries.Length != 2)
        {
            throw new RowException("summaries", $"found {summaries.Length}; expected 2.");
        }
        return row["choice"].Whole("choice") switch
        {
            0 => new ComparisonJudgement(Pick.First),
            1 => new ComparisonJudgement(Pick.Second),
            var other => throw new RowException("choice", $"found {other}; expected 0 or 1."),
        };
    }

    /// <summary>The prompt of the paper's models.</summary>
    private static string Prompt(JsonObject info) =>
        info["post"] is not null
            ? $"SUBREDDIT: r/{info.TextOrNull("subreddit")}\n\nTITLE: {info.TextOrNull("title")}\n\nPOST: {info.Text("post")}\n\nTL;DR:"
            : $"Article: {info.Text("article")}\n\nTL;DR:";

    private static JsonObject Plain(OutLabel label)
    {
        JsonObject Summary(bool axes) =>
            axes
                ? new JsonObject
                {
                    ["text"] = null,
                    ["policy"] = null,
                    ["note"] = null,
                    ["axes"] = new JsonObject(),
                }
                : new JsonObject
                {
                    ["text"] = null,
                    ["policy"] = null,
                    ["note"] = null,
                };
        var row = new JsonObject
        {
            ["info"] = new JsonObject
            {
                ["id"] = label.Item.ExternalId ?? label.Id.ToString(),
                ["post"] = Conversations.Transcript(label.Item.Prompt),
                ["title"] = null,
                ["subreddit"] = null,
            },
        };
        if (label.Judgement is RatingJudgement)
        {
            row["summary"] = Summary(axes: true);
        }
        else
        {
            row["summaries"] = new JsonArray(Summary(axes: false), Summary(axes: false));
        }
        return row;
    }
}

/// <summary>Numbers in JSON, whole ones without a decimal point.</summary>
internal static class Numbers
{
    public static JsonNode Json(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);
}
