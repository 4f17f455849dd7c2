using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// Argilla's records, nested ({id, fields, responses, ...}) and flat ("question.responses", "question.responses.users", ...). Fields: one
/// of prompt, instruction or question, and the answers reply_1, reply_2, ... or response_1, ...; of the questions, the first that names an
/// answer (label), ranks them (ranking), gives a number (rating), or marks parts of the first answer (span). Other fields, metadata,
/// suggestions and vectors stay in the record's frame.
/// </summary>
internal sealed class Argilla : IExchangeFormat
{
    private static readonly string[] Prompts = ["prompt", "instruction", "question"];

    public string Name => "argilla";
    public ImmutableArray<ProjectKind> Writes =>
        [ProjectKind.Comparison, ProjectKind.BestOf, ProjectKind.Ranking, ProjectKind.Rating, ProjectKind.Spans];

    public bool Fits(JsonObject row) =>
        (row["fields"] is JsonObject && row["responses"] is JsonObject)
        || row.Any(f => f.Key.EndsWith(".responses", StringComparison.Ordinal));

    public ProjectKind KindOf(JsonObject row)
    {
        var (record, answers) = (new ArgillaRecord(row), ArgillaRecord.Answers(new ArgillaRecord(row).Fields).Length);
        if (
            record
                .Responses()
                .Any(r => r.Value is JsonArray { Count: > 0 } list && list[0] is JsonObject entry && entry.ContainsKey("start"))
        )
        {
            return ProjectKind.Spans;
        }
        return record.Responses().Select(r => r.Value?.GetValueKind()).FirstOrDefault() switch
        {
            JsonValueKind.Number => ProjectKind.Rating,
            JsonValueKind.Array => ProjectKind.Ranking,
            _ => answers == 2 ? ProjectKind.Comparison : ProjectKind.BestOf,
        };
    }

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var record = new ArgillaRecord(row);
        var prompt =
            Prompts.FirstOrDefault(record.Fields.ContainsKey)
            ?? throw new RowException("fields", $"found none of {string.Join(", ", Prompts)}; expected one that holds the prompt.");
        var answers = ArgillaRecord.Answers(record.Fields);
        var content = new ItemContent(
            new Prompt.Text(record.Fields.Text(prompt)),
            [.. answers.Select(a => new Candidate(record.Fields.Text(a)))]
        )
        {
            ExternalId = row.TextOrNull("id"),
        };
        var said = record.Responses().ToArray();
        var frame = new JsonObject
        {
            ["prompt"] = prompt,
            ["question"] = record.Question,
            ["row"] = row,
        };
        ReadRow[] read =
        [
            .. said.Select(r => new ReadRow(content, new ExistingLabel(r.User, Judge(r.Value, answers, record.Question!, context.Kind)))),
        ];
        record.Fields.Empty([prompt, .. answers]);
        record.EmptyResponses();
        return read.Length == 0 ? [new ReadRow(content, null)] : [.. read.Select((r, i) => WithFrame(r, i, frame))];
    }

    /// <summary>The first label of a record keeps its frame; the others keep their place in it.</summary>
    private ReadRow WithFrame(ReadRow row, int place, JsonObject frame)
    {
        var kept = new JsonObject
        {
            ["record"] = row.Content.ExternalId,
            ["place"] = place,
            ["frame"] = place == 0 ? frame : null,
        };
        return row with { Label = row.Label! with { Extras = RowFrame.Keep(Name, kept) } };
    }

    public string GroupOf(OutLabel label) => label.Item.ExternalId ?? label.Id.ToString();

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        var given = labels
            .Where(l => l.Judgement is not null)
            .OrderBy(l => RowFrame.Of(l.Extras, Name)?["place"]?.GetValue<int>() ?? int.MaxValue)
            .ToArray();
        if (given.Length == 0)
        {
            return [];
        }
        var frame = given.Select(l => RowFrame.Of(l.Extras, Name)?["frame"]).OfType<JsonObject>().FirstOrDefault();
        var row = frame?["row"]?.DeepClone().AsObject() ?? Plain(given[0]);
        var record = new ArgillaRecord(row, frame?.TextOrNull("question") ?? "preference");
        record.Fields[frame?.TextOrNull("prompt") ?? "prompt"] = Conversations.Transcript(given[0].Item.Prompt);
        var names = ArgillaRecord.Answers(record.Fields) is { Length: > 0 } known
            ? known
            : [.. given[0].Item.Candidates.Select((_, i) => $"reply_{i + 1}")];
        foreach (var (i, candidate) in given[0].Item.Candidates.Index())
        {
            record.Fields[names[i]] = candidate.Text;
        }

        record.SetResponses([.. given.Select(l => (l.Annotator ?? "unknown", Value(l.Judgement!, names)))]);
        return [row];
    }

    private static Judgement Judge(JsonNode? value, string[] answers, string question, ProjectKind kind)
    {
        if (kind == ProjectKind.Spans)
        {
            return new SpansJudgement(
                [
                    .. (value as JsonArray ?? [])
                        .Select(e => e!.AsObject())
                        .Select(e => new AnswerSpan(
                            e["start"].Whole($"{question}.start"),
                            e["end"].Whole($"{question}.end"),
                            e.Text("label")
                        )),
                ],
                [],
                null
            );
        }
        int Place(JsonNode? name) =>
            Array.IndexOf(answers, name.AsText(question)) is >= 0 and var place
                ? place
                : throw new RowException(question, $"found '{name}'; expected one of the fields {string.Join(", ", answers)}.");
        switch (value?.GetValueKind())
        {
            case JsonValueKind.Number:
                return new RatingJudgement(value.GetValue<double>());
            case JsonValueKind.Array:
                var ranks = new int[answers.Length];
                foreach (var entry in value.AsArray().Select(e => e!.AsObject()))
                {
                    ranks[Place(entry["value"])] = entry["rank"].Whole($"{question}.rank");
                }

                return new RankingJudgement([.. ranks]);
            case JsonValueKind.String when value.GetValue<string>() is "tie" or "both":
                return new ComparisonJudgement(Pick.Tie);
            default:
                return answers.Length == 2
                    ? new ComparisonJudgement(Place(value) == 0 ? Pick.First : Pick.Second)
                    : new ChoiceJudgement(Place(value));
        }
    }

    private static JsonNode? Value(Judgement judgement, string[] answers) =>
        judgement switch
        {
            ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison => answers[comparison.Pick == Pick.First ? 0 : 1],
            ComparisonJudgement => "tie",
            ChoiceJudgement { Best: { } best } => answers[best],
            RankingJudgement ranking => new JsonArray([
                .. ranking.Ranks.Select((r, i) => new JsonObject { ["value"] = answers[i], ["rank"] = r }),
            ]),
            RatingJudgement rating => Numbers.Json(rating.Value),
            SpansJudgement spans => new JsonArray([
                .. spans.Spans.Select(s => new JsonObject
                {
                    ["label"] = s.Type,
                    ["start"] = s.Start,
                    ["end"] = s.End,
                }),
            ]),
            _ => null,
        };

    private static JsonObject Plain(OutLabel label) =>
        new()
        {
            ["id"] = label.Item.ExternalId ?? label.Id.ToString(),
            ["fields"] = new JsonObject(),
            ["metadata"] = new JsonObject(),
            ["suggestions"] = new JsonObject(),
            ["responses"] = new JsonObject(),
            ["vectors"] = new JsonObject(),
            ["status"] = "completed",
        };
}
