using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Attune.Feedback.Formats;

/// <summary>One result of an annotation: what one control of the page gave.</summary>
/// <param name="To">The tag it is about; null where the file does not say.</param>
/// <param name="Region">Equal for results about the same part of a text; null where the file does not say.</param>
internal sealed record LabelStudioResult(string From, string? To, string Type, JsonObject Value, string? Region);

/// <summary>One annotation of a task.</summary>
internal sealed record LabelStudioAnnotation(string? Id, string? Annotator, bool Skipped, ImmutableArray<LabelStudioResult> Results)
{
    public DateTimeOffset? At { get; init; }
    public TimeSpan? Active { get; init; }
}

/// <summary>
/// A task with its annotations, as Label Studio's JSON has it; or one annotation with its task, as its JSON_MIN, CSV and TSV have it,
/// where each control has a column.
/// </summary>
internal sealed class LabelStudioTask
{
    private static readonly ImmutableArray<string> Types =
    [
        "selected",
        "ranker",
        "rating",
        "number",
        "choices",
        "paragraphlabels",
        "hypertextlabels",
        "labels",
    ];

    private static readonly ImmutableArray<string> Own =
    [
        "id",
        "annotator",
        "annotation_id",
        "created_at",
        "updated_at",
        "lead_time",
        "agreement",
        "reviews",
        "predictions",
    ];

    private LabelStudioTask(JsonObject data, ImmutableArray<LabelStudioAnnotation> annotations) =>
        (Data, Annotations) = (data, annotations);

    public JsonObject Data { get; }
    public ImmutableArray<LabelStudioAnnotation> Annotations { get; }
    public string? Id { get; private init; }

    /// <summary>Why each draft is left out.</summary>
    public ImmutableArray<string> Drafts { get; private init; } = [];

    public static bool IsWhole(JsonObject row) => row["data"] is JsonObject && (row["annotations"] ?? row["completions"]) is JsonArray;

    public static bool IsFlat(JsonObject row) =>
        row.ContainsKey("annotation_id") && row.ContainsKey("lead_time") && row.ContainsKey("annotator");

    /// <summary>Whether a column of a flat row holds what a control gave.</summary>
    private static bool IsControl(JsonNode? cell) =>
        Parsed(cell) switch
        {
            JsonArray { Count: > 0 } list => list.All(e => e is JsonObject value && TypeOf(value) is not null),
            JsonObject value => value.ContainsKey("choices"),
            _ => false,
        };

    /// <summary>
    /// The columns of flat rows that hold what controls gave: lists and objects of their kinds, and choices among the answers.
    /// </summary>
    public static IEnumerable<string> Controls(IReadOnlyCollection<JsonObject> flat)
    {
        var names = flat.SelectMany(r => r.Select(f => f.Key)).Where(n => !Own.Contains(n)).Distinct().ToArray();
        return names.Where(n => flat.Any(r => IsControl(r[n])) || IsChoice(flat, n));
    }

    private static bool IsChoice(IReadOnlyCollection<JsonObject> flat, string column)
    {
        var said = flat.Select(r => (Word: Word(r[column]), Answers: AnswerNames.Of(r)))
            .Where(r => !string.IsNullOrEmpty(r.Word))
            .ToArray();
        return said.Length > 0
            && said.All(r =>
                r.Answers.Length > 1
                && !r.Answers.Contains(column)
                && (AnswerNames.Place(r.Word!, r.Answers) >= 0 || AnswerNames.IsTie(r.Word!))
            );
    }

    /// <param name="controls">The columns of a flat row that hold what controls gave.</param>
    public static LabelStudioTask Of(JsonObject row, IReadOnlyCollection<string> controls) =>
        IsWhole(row) ? Whole(row)
        : IsFlat(row) ? Flat(row, controls)
        : throw new RowException("", "has neither data and annotations nor annotation_id; expected a task or an annotation");

    private static LabelStudioTask Whole(JsonObject row)
    {
        var annotations = (JsonArray)(row["annotations"] ?? row["completions"])!;
        return new LabelStudioTask(row.Object("data"), [.. annotations.OfType<JsonObject>().Select(Annotation)])
        {
            Id = Word(row["id"]),
            Drafts =
            [
                .. (row["drafts"] as JsonArray ?? [])
                    .OfType<JsonObject>()
                    .Select(d =>
                        d["annotation"] is null
                            ? "a draft that was never submitted"
                            : "a draft of changes to an annotation, of which the submitted version counts"
                    ),
            ],
        };
    }

    private static LabelStudioTask Flat(JsonObject row, IReadOnlyCollection<string> controls)
    {
        var data = new JsonObject(
            row.Where(f => !Own.Contains(f.Key) && !controls.Contains(f.Key))
                .Select(f => KeyValuePair.Create(f.Key, Parsed(f.Value)?.DeepClone()))
        );
        var results = row.Where(f => controls.Contains(f.Key)).SelectMany(f => Results(f.Key, Parsed(f.Value)));
        var annotation = new LabelStudioAnnotation(Word(row["annotation_id"]), Word(row["annotator"]), false, [.. results])
        {
            At = Time(row["created_at"]),
            Active = Seconds(row["lead_time"]),
        };
        return new LabelStudioTask(data, [annotation]);
    }

    private static LabelStudioAnnotation Annotation(JsonObject row) =>
        new(
            Word(row["id"]),
            Person(row["completed_by"] ?? row["annotator"]),
            row["was_cancelled"] is JsonValue cancelled && cancelled.TryGetValue<bool>(out var skipped) && skipped,
            [
                .. (row["result"] as JsonArray ?? [])
                    .OfType<JsonObject>()
                    .Where(r => r["value"] is JsonObject)
                    .Select(r => new LabelStudioResult(
                        Word(r["from_name"]) ?? "",
                        Word(r["to_name"]),
                        Word(r["type"]) ?? "",
                        r.Object("value"),
                        Word(r["id"])
                    )),
            ]
        )
        {
            At = Time(row["created_at"]),
            Active = Seconds(row["lead_time"]),
        };

    private static IEnumerable<LabelStudioResult> Results(string control, JsonNode? cell) =>
        cell switch
        {
            JsonArray list => list.OfType<JsonObject>().Select(v => new LabelStudioResult(control, null, TypeOf(v) ?? "", v, null)),
            JsonObject value => [new LabelStudioResult(control, null, TypeOf(value) ?? "", value, null)],
            JsonValue single when Word(single) is { Length: > 0 } word =>
            [
                new LabelStudioResult(control, null, "choices", new JsonObject { ["choices"] = new JsonArray(word) }, null),
            ],
            _ => [],
        };

    private static string? TypeOf(JsonObject value) =>
        Types.FirstOrDefault(value.ContainsKey) is { } type
            ? type == "selected"
                ? "pairwise"
                : type
            : null;

    /// <summary>Cells of tables spell lists and objects as JSON.</summary>
    private static JsonNode? Parsed(JsonNode? cell)
    {
        if (cell is not JsonValue value || !value.TryGetValue<string>(out var text) || text.Length == 0 || text[0] is not ('[' or '{'))
        {
            return cell;
        }
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return cell;
        }
    }

    private static string? Person(JsonNode? node) =>
        node is JsonObject person ? Word(person["email"]) ?? Word(person["username"]) ?? Word(person["id"]) : Word(node);

    private static string? Word(JsonNode? node) =>
        node is JsonValue value
            ? value.TryGetValue<string>(out var text)
                ? text
                : value.ToJsonString()
            : null;

    private static DateTimeOffset? Time(JsonNode? node) =>
        DateTimeOffset.TryParse(Word(node), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static TimeSpan? Seconds(JsonNode? node) =>
        double.TryParse(Word(node), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
