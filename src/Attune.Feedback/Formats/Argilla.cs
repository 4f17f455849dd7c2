using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// Argilla's records: nested ({id, fields, responses, ...}), flat ("question.responses", "question.responses.users", ...), as its API has
/// them, and the rows of Argilla 1. Fields: one of prompt, instruction, question and the like, and the answers reply_1, response-2,
/// answer_a and the like; of the questions one (<see cref="ArgillaFile"/>). Only submitted responses are labels. Other fields, metadata,
/// suggestions, vectors and responses stay in the record's frame.
/// </summary>
internal sealed class Argilla : IExchangeFormat
{
    private const string Ending = ".responses";
    private const string PlainQuestion = "preference";

    public string Name => "argilla";
    public ImmutableArray<ProjectKind> Writes =>
        [ProjectKind.Comparison, ProjectKind.BestOf, ProjectKind.Ranking, ProjectKind.Rating, ProjectKind.Spans];

    public bool Fits(JsonObject row) =>
        (row["fields"] is JsonObject && row["responses"] is JsonObject or JsonArray)
        || row.Any(f => f.Key.EndsWith(Ending, StringComparison.Ordinal))
        || row.Any(f => f.Key.EndsWith("-suggestion", StringComparison.Ordinal) && row.ContainsKey(f.Key[..^"-suggestion".Length]));

    public ProjectKind KindOf(JsonObject row) => Open([row], "", new ImportOptions()).Kind;

    public ILabelFile Open(ImmutableArray<JsonObject> rows, string path, ImportOptions options) => new ArgillaFile(rows, path, options);

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context) => Open([row], "", new ImportOptions()).Read(row, context);

    public bool JoinsLabels => true;

    public string GroupOf(OutLabel label) => label.ItemId.ToString();

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
        var question = frame?.TextOrNull("question") ?? PlainQuestion;
        var row = Filled(given[0].Item, frame, given[0].Id);
        var record = new ArgillaRecord(row);
        var written = 0;
        foreach (var label in given)
        {
            var kept = RowFrame.Of(label.Extras, Name);
            var unit = kept?.TextOrNull("offsets") is { } named ? Enum.Parse<OffsetUnit>(named) : OffsetUnit.Utf16;
            var values = new ArgillaValues(record.Answers, question, unit);
            var text = label.Item.Candidates[0].Text;
            // What was read with its answers in another order names others.
            var asRead = SourceExtras.OrderOf(label.Extras) is null ? kept?["value"] : null;
            if (Value(values, asRead, label.Judgement!, text, context.Kind) is not { } value)
            {
                continue;
            }
            written++;
            var user = label.Annotator ?? Unnamed.Name(written);
            if (kept?["place"] is not JsonValue place || !record.Responses.Fill(question, place.GetValue<int>(), user, value.DeepClone()))
            {
                record.Responses.Add(question, user, value.DeepClone());
            }
        }

        record.Responses.RemoveEmpty(question);
        return written == 0 ? [] : [row];
    }

    /// <summary>The value as it was read, where it still says what the store says; else in the plain form.</summary>
    private static JsonNode? Value(ArgillaValues values, JsonNode? kept, Judgement judgement, string text, ProjectKind kind)
    {
        try
        {
            return kept is not null && values.Judge(kept, kind, text) == judgement ? kept : values.Value(judgement, text);
        }
        catch (RowException)
        {
            return values.Value(judgement, text);
        }
    }

    private static JsonObject Filled(ItemContent item, JsonObject? frame, Guid id)
    {
        var row = frame?["row"]?.DeepClone().AsObject() ?? Plain(item, id);
        var fields = row["fields"] as JsonObject ?? row;
        if (frame is null || frame["prompt"] is not null)
        {
            fields[frame?.TextOrNull("prompt") ?? "prompt"] =
                item.Prompt is Prompt.Chat && frame is not null ? Conversations.ToJson(item.Prompt) : Conversations.Transcript(item.Prompt);
        }
        var names = (frame?["answers"] as JsonArray)?.Select(n => n!.GetValue<string>()).ToArray();
        foreach (var (i, candidate) in item.Candidates.Index())
        {
            fields[names is not null && i < names.Length ? names[i] : $"reply_{i + 1}"] = candidate.Text;
        }

        return row;
    }

    private static JsonObject Plain(ItemContent item, Guid id) =>
        new()
        {
            ["id"] = item.ExternalId ?? id.ToString(),
            ["fields"] = new JsonObject(),
            ["metadata"] = new JsonObject(),
            ["suggestions"] = new JsonObject(),
            ["responses"] = new JsonObject(),
            ["vectors"] = new JsonObject(),
            ["status"] = "completed",
        };
}
