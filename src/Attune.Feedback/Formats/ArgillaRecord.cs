using System.Globalization;
using System.Text.Json.Nodes;

namespace Attune.Feedback.Formats;

/// <summary>One record, in either form.</summary>
internal sealed class ArgillaRecord
{
    private readonly JsonObject _row;
    private readonly bool _nested;

    public ArgillaRecord(JsonObject row, string? question = null)
    {
        _row = row;
        _nested = row["fields"] is JsonObject;
        Question =
            question
            ?? (
                _nested
                    ? (row["responses"] as JsonObject)?.Select(q => q.Key).FirstOrDefault()
                    : row.Where(f => f.Key.EndsWith(".responses", StringComparison.Ordinal) && f.Value is JsonArray { Count: > 0 })
                        .Select(f => f.Key[..^".responses".Length])
                        .FirstOrDefault()
            );
    }

    public string? Question { get; }

    public JsonObject Fields => _nested ? _row.Object("fields") : _row;

    public static string[] Answers(JsonObject fields) =>
        [
            .. fields
                .Select(f => f.Key)
                .Where(k => !k.Contains('.', StringComparison.Ordinal))
                .Where(k =>
                    new[] { "reply", "response", "answer", "completion", "generation" }.Any(stem =>
                        k.StartsWith(stem, StringComparison.Ordinal)
                    )
                )
                .Where(k =>
                    k.Contains('_', StringComparison.Ordinal)
                        ? int.TryParse(k[(k.LastIndexOf('_') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _)
                        : k != "responses"
                ),
        ];

    public IEnumerable<(string? User, JsonNode? Value)> Responses()
    {
        if (Question is null)
        {
            return [];
        }
        if (_nested)
        {
            return ((JsonArray)_row.Object("responses")[Question]!).Select(r =>
                ((r!["user_id"] ?? r["user"])?.GetValue<string>(), r["value"])
            );
        }
        var users = _row[$"{Question}.responses.users"] as JsonArray;
        return _row.List($"{Question}.responses")
            .Select((value, i) => (users is not null && i < users.Count ? users[i]?.GetValue<string>() : null, value));
    }

    public void EmptyResponses()
    {
        if (Question is null)
        {
            return;
        }
        if (!_nested)
        {
            _row.Empty($"{Question}.responses", $"{Question}.responses.users");
            return;
        }

        foreach (var response in ((JsonArray)_row.Object("responses")[Question]!).Select(r => r!.AsObject()))
        {
            response.Empty("value", "user_id", "user");
        }
    }

    public void SetResponses(IReadOnlyList<(string User, JsonNode? Value)> responses)
    {
        if (!_nested)
        {
            _row[$"{Question}.responses"] = new JsonArray([.. responses.Select(r => r.Value)]);
            _row[$"{Question}.responses.users"] = new JsonArray([.. responses.Select(r => JsonValue.Create(r.User))]);
            return;
        }

        var kept = _row.Object("responses")[Question!] as JsonArray;
        JsonArray list =
        [
            .. responses.Select(
                (r, i) =>
                {
                    var entry =
                        kept is not null && i < kept.Count
                            ? kept[i]!.DeepClone().AsObject()
                            : new JsonObject
                            {
                                ["value"] = null,
                                ["user_id"] = null,
                                ["status"] = "submitted",
                            };
                    entry["value"] = r.Value?.DeepClone();
                    entry[entry.ContainsKey("user") && !entry.ContainsKey("user_id") ? "user" : "user_id"] = r.User;
                    return (JsonNode)entry;
                }
            ),
        ];
        _row.Object("responses")[Question!] = list;
    }
}
