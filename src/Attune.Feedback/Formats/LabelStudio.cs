using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// Label Studio's exports (JSON, JSON_MIN, CSV, TSV), and tasks with annotations that it imports. It refuses a whole file for one person it
/// does not know, so annotations are written without completed_by, and name their person in a field that it passes over.
/// </summary>
internal sealed class LabelStudio : IExchangeFormat
{
    public const string Format = "label-studio";

    public string Name => Format;
    public bool JoinsLabels => true;
    public ImmutableArray<ProjectKind> Writes =>
        [ProjectKind.Comparison, ProjectKind.BestOf, ProjectKind.Ranking, ProjectKind.Rating, ProjectKind.Spans];

    public bool Fits(JsonObject row) => LabelStudioTask.IsWhole(row) || LabelStudioTask.IsFlat(row);

    public ProjectKind KindOf(JsonObject row) => Open([row], "", new ImportOptions()).Kind;

    public ILabelFile Open(ImmutableArray<JsonObject> rows, string path, ImportOptions options) => new LabelStudioFile(rows, path, options);

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context) => Open([row], "", new ImportOptions()).Read(row, context);

    public string GroupOf(OutLabel label) => label.ItemId.ToString();

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        JsonObject[] annotations = [.. labels.Select(Annotation).OfType<JsonObject>()];
        if (annotations.Length > 0)
        {
            yield return new JsonObject
            {
                ["data"] = Data(labels[0].Item, context.Kind),
                ["annotations"] = new JsonArray([.. annotations]),
            };
        }
    }

    private static JsonObject? Annotation(OutLabel label)
    {
        if (label.Judgement is not { } judgement || Results(judgement, label.Item) is not { } results)
        {
            return null;
        }
        var annotation = new JsonObject { ["result"] = results, ["was_cancelled"] = false };
        if (label.Annotator is not null)
        {
            annotation["annotator"] = label.Annotator;
        }
        if (label.Active is { } active)
        {
            annotation["lead_time"] = active.TotalSeconds;
        }
        if (label.At is { } at)
        {
            annotation["created_at"] = at.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        }
        return annotation;
    }

    /// <summary>The fields of the page: those that the configurations of docs/feedback.md show.</summary>
    private static JsonObject Data(ItemContent item, ProjectKind kind)
    {
        var data = new JsonObject { ["prompt"] = Conversations.Transcript(item.Prompt) };
        if (kind == ProjectKind.Ranking)
        {
            data["answers"] = new JsonArray([
                .. item.Candidates.Select(
                    (c, i) =>
                        new JsonObject
                        {
                            ["id"] = Name(i),
                            ["title"] = $"{i + 1}",
                            ["body"] = c.Text,
                        }
                ),
            ]);
            return data;
        }
        if (kind is ProjectKind.Rating or ProjectKind.Spans)
        {
            data["answer"] = item.Candidates[0].Text;
            return data;
        }
        foreach (var (i, candidate) in item.Candidates.Index())
        {
            data[Name(i)] = candidate.Text;
        }
        return data;

        static string Name(int place) => $"answer_{place + 1}";
    }

    /// <summary>Null where the tool's controls cannot say it.</summary>
    private static JsonArray? Results(Judgement judgement, ItemContent item) =>
        judgement switch
        {
            ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison => Compared(comparison),
            ChoiceJudgement { Best: { } best } =>
            [
                Result("best", "prompt", "choices", new JsonObject { ["choices"] = new JsonArray($"answer_{best + 1}") }),
            ],
            RankingJudgement ranking when ranking.Ranks.Distinct().Count() == ranking.Ranks.Length => [Ranked(ranking)],
            RatingJudgement rating => [Rated(rating.Value)],
            SpansJudgement spans => new JsonArray([.. spans.Spans.SelectMany((s, i) => Marked(s, i, item.Candidates[0].Text))]),
            _ => null,
        };

    private static JsonArray Compared(ComparisonJudgement comparison)
    {
        var picked = comparison.Pick == Pick.First ? "left" : "right";
        var results = new JsonArray(Result("better", "better", "pairwise", new JsonObject { ["selected"] = picked }));
        if (comparison.Strength is { } level)
        {
            // 4 is the strongest, as people expect of stars.
            var stars = Strength.PrefersFirst(level) ? 5 - level : level - 4;
            results.Add((JsonNode)Result("strength", "prompt", "rating", new JsonObject { ["rating"] = stars }));
        }
        return results;
    }

    private static JsonObject Ranked(RankingJudgement ranking)
    {
        var best = ranking.Ranks.Index().OrderBy(r => r.Item).Select(r => (JsonNode)$"answer_{r.Index + 1}");
        var lists = new JsonObject { ["rank"] = new JsonArray([.. best]) };
        return Result("rank", "answers", "ranker", new JsonObject { ["ranker"] = lists });
    }

    private static JsonObject Rated(double value) =>
        value is >= 1 and <= 10 && value == Math.Floor(value)
            ? Result("rating", "answer", "rating", new JsonObject { ["rating"] = (int)value })
            : Result("number", "answer", "number", new JsonObject { ["number"] = Numbers.Json(value) });

    /// <summary>Code points, which the tag Text counts; a note is a text about the region.</summary>
    private static IEnumerable<JsonObject> Marked(AnswerSpan span, int number, string text)
    {
        JsonObject Value(string field, JsonNode said) =>
            new()
            {
                ["start"] = span.Start,
                ["end"] = span.End,
                ["text"] = Core.Conversations.CodePoints.Slice(text, span.Start, span.End),
                [field] = new JsonArray(said),
            };
        yield return Result("label", "answer", "labels", Value("labels", span.Type), $"region{number + 1}");
        if (span.Note is { } note)
        {
            var said = Value("labels", note);
            said.Remove("labels");
            said["text"] = new JsonArray(note);
            yield return Result("note", "answer", "textarea", said, $"region{number + 1}");
        }
    }

    private static JsonObject Result(string from, string to, string type, JsonObject value, string? id = null)
    {
        var result = new JsonObject
        {
            ["from_name"] = from,
            ["to_name"] = to,
            ["type"] = type,
            ["value"] = value,
        };
        if (id is not null)
        {
            result["id"] = id;
        }
        return result;
    }
}
