using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Attune.Core.Conversations;

namespace Attune.Feedback.Formats;

/// <summary>
/// Which fields of a task's data are the prompt and the answers: by the configuration where there is one, else by their names.
/// </summary>
internal sealed partial class LabelStudioContent(LabelStudioConfiguration? configuration, string? control)
{
    private static readonly ImmutableArray<string> Bodies = ["body", "html", "text", "content", "title"];
    private static readonly ImmutableArray<string> Turns = ["text", "content", "message", "value", "utterance", "body"];

    /// <summary>The two fields that a Pairwise compares, left first.</summary>
    public ImmutableArray<string> Pair(JsonObject data)
    {
        var targets = control is null ? [] : configuration?.Targets(control) ?? [];
        if (targets.Length == 2)
        {
            return [.. targets.Select(t => configuration!.Field(t) ?? t)];
        }
        var named = AnswerNames.Of(data);
        if (named.Length == 2)
        {
            return named;
        }
        var prompt = AnswerNames.Prompt(data, []);
        string[] others = [.. data.Where(f => f.Key != prompt && IsText(f.Value)).Select(f => f.Key)];
        string[] pair = [.. others.Where(f => f is "a" or "b" or "A" or "B" or "left" or "right")];
        return pair.Length == 2 ? [.. pair]
            : others.Length == 2 ? [.. others]
            : throw new RowException(
                "data",
                $"has the fields {string.Join(", ", data.Select(f => f.Key))}; which two are compared, and which is left, the labelling "
                    + "configuration tells. Give it too"
            );
    }

    /// <summary>The field that a control is about: a text, or a list of turns.</summary>
    public string One(JsonObject data, string? tag)
    {
        var target = (control is null ? [] : configuration?.Targets(control) ?? []) is [var only, ..] ? only : tag;
        if (target is not null && (configuration?.Field(target) ?? target) is var field && data.ContainsKey(field))
        {
            return field;
        }
        return data.FirstOrDefault(f => TurnKey(f.Value) is not null).Key
            ?? (AnswerNames.Of(data) is [var answer, ..] ? answer : null)
            ?? data.FirstOrDefault(f => IsText(f.Value)).Key
            ?? throw new RowException("data", $"has the fields {string.Join(", ", data.Select(f => f.Key))}; expected a text");
    }

    /// <summary>The list of answers that holds these ids.</summary>
    public JsonObject[] Listed(JsonObject data, IReadOnlyCollection<string> ids)
    {
        bool Holds(JsonNode? node) =>
            node is JsonArray list
            && list.Count >= 2
            && list.All(e => e is JsonObject answer && Id(answer) is not null)
            && ids.All(id => list.Any(e => Id((JsonObject)e!) == id));
        var field = data.FirstOrDefault(f => Holds(f.Value)).Key;
        return field is null
            ? throw new RowException("data", "has no list of answers with the ids that were ranked; expected [{\"id\", \"body\"}]")
            : [.. ((JsonArray)data[field]!).Select(e => e!.AsObject())];
    }

    public static string? Id(JsonObject answer) =>
        answer["id"] is JsonValue id
            ? id.TryGetValue<string>(out var text)
                ? text
                : id.ToJsonString()
            : null;

    public static string Body(JsonObject answer) =>
        Bodies.FirstOrDefault(b => IsText(answer[b])) is { } field
            ? answer.Text(field)
            : throw new RowException("data", "an answer has no text");

    public Prompt Prompt(JsonObject data, IReadOnlyCollection<string> answers)
    {
        var shown = configuration?.TextFields.FirstOrDefault(f => !answers.Contains(f) && IsText(data[f]));
        var field = AnswerNames.Prompt(data, answers) ?? shown;
        return field is null ? new Prompt.Text("") : Conversations.Prompt(data[field], field);
    }

    /// <summary>The texts of a dialogue's turns; null where the field is no dialogue.</summary>
    public static ImmutableArray<string>? Dialogue(JsonNode? node) =>
        TurnKey(node) is { } key ? [.. ((JsonArray)node!).Select(t => t!.AsObject().Text(key))] : null;

    /// <summary>The text of a page, as browsers show it: without tags, entities decoded, line breaks as one character.</summary>
    public static string Rendered(string page) => WebUtility.HtmlDecode(Tag().Replace(page, "")).ReplaceLineEndings("\n");

    private static string? TurnKey(JsonNode? node) =>
        node is JsonArray { Count: > 0 } list
            ? Turns.FirstOrDefault(k => list.All(t => t is JsonObject turn && IsText(turn[k]) && !turn.ContainsKey("id")))
            : null;

    private static bool IsText(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String;

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}
