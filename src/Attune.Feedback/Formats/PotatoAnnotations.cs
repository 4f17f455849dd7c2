using System.Text.Json;
using System.Text.Json.Nodes;

namespace Attune.Feedback.Formats;

/// <summary>What one person said about one item in potato: the labels of each question, and the spans.</summary>
internal sealed record PotatoAnnotation(string Item, string? Person, JsonObject Labels, JsonObject Spans);

/// <summary>The rows of potato: its exports as JSON lines and tables, and the state that its server keeps of a person.</summary>
internal static class PotatoAnnotations
{
    private const string SpanColumn = "._spans";

    public static bool Fits(JsonObject row) =>
        (row.ContainsKey("instance_id") && row.ContainsKey("user_id")) || row.ContainsKey("instance_id_to_label_to_value");

    public static IEnumerable<PotatoAnnotation> Of(JsonObject row) =>
        row.ContainsKey("instance_id_to_label_to_value") ? OfState(row)
        : row["labels"] is JsonObject labels ? [new(Id(row), row.TextOrNull("user_id"), labels, row["spans"] as JsonObject ?? [])]
        : [OfTable(row)];

    private static string Id(JsonObject row) => row["instance_id"] is JsonValue id ? id.ToString() : row.Text("instance_id");

    /// <summary>A column for each label of each question.</summary>
    private static PotatoAnnotation OfTable(JsonObject row)
    {
        var (labels, spans) = (new JsonObject(), new JsonObject());
        foreach (var (name, cell) in row.Where(f => f.Value is JsonValue && f.Key.Contains('.', StringComparison.Ordinal)))
        {
            if (name.EndsWith(SpanColumn, StringComparison.Ordinal))
            {
                spans[name[..^SpanColumn.Length]] = Parsed(cell!, name);
                continue;
            }
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            var question = labels[name[..dot]] as JsonObject ?? [];
            labels[name[..dot]] ??= question;
            question[name[(dot + 1)..]] = cell!.DeepClone();
        }

        return new PotatoAnnotation(Id(row), row.TextOrNull("user_id"), labels, spans);
    }

    private static JsonNode? Parsed(JsonNode cell, string field)
    {
        try
        {
            return JsonNode.Parse(cell.AsText(field));
        }
        catch (JsonException)
        {
            throw new RowException(field, "is not valid JSON; expected a list of spans");
        }
    }

    private static IEnumerable<PotatoAnnotation> OfState(JsonObject state)
    {
        var (labels, spans) = (state.Object("instance_id_to_label_to_value"), state["instance_id_to_span_to_value"] as JsonObject ?? []);
        var items = labels.Select(l => l.Key).Concat(spans.Select(s => s.Key)).Distinct();
        return items.Select(item => new PotatoAnnotation(
            item,
            state.TextOrNull("user_id"),
            Grouped(labels[item], (key, value) => (key.Text("name"), value), inList: false),
            Grouped(spans[item], (key, _) => ("", key), inList: true)
        ));
    }

    /// <summary>Pairs of a key and a value, by the question in the key.</summary>
    private static JsonObject Grouped(JsonNode? pairs, Func<JsonObject, JsonNode?, (string, JsonNode?)> read, bool inList)
    {
        var grouped = new JsonObject();
        foreach (var pair in (pairs as JsonArray ?? []).OfType<JsonArray>().Where(p => p.Count == 2 && p[0] is JsonObject))
        {
            var key = (JsonObject)pair[0]!;
            var (name, value) = read(key, pair[1]);
            var question = key.Text("schema");
            grouped[question] ??= inList ? new JsonArray() : new JsonObject();
            if (grouped[question] is JsonArray list)
            {
                list.Add(value?.DeepClone());
            }
            else
            {
                grouped[question]![name] = value?.DeepClone();
            }
        }

        return grouped;
    }
}
