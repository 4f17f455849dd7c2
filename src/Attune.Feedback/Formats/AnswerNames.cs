using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Attune.Feedback.Formats;

/// <summary>Which fields of an annotation tool's record hold the prompt and the answers: by the names that people give them.</summary>
internal static partial class AnswerNames
{
    private static readonly ImmutableArray<string> Prompts =
    [
        "prompt",
        "instruction",
        "question",
        "query",
        "input",
        "context",
        "source",
        "post",
    ];

    /// <summary>The field of the prompt; null for none.</summary>
    public static string? Prompt(JsonObject fields, IReadOnlyCollection<string> answers) =>
        Prompts.FirstOrDefault(p => fields[p] is JsonArray || (IsText(fields[p]) && !answers.Contains(p)));

    /// <summary>The fields of the answers: reply_1, response-2, answer_a and such, or a single answer, or a text.</summary>
    public static ImmutableArray<string> Of(JsonObject fields)
    {
        string[] texts = [.. fields.Where(f => IsText(f.Value)).Select(f => f.Key)];
        ImmutableArray<string> several = [.. texts.Where(t => Numbered().IsMatch(t))];
        if (several.Length == 0)
        {
            several = [.. texts.Where(t => Alone().IsMatch(t))];
        }
        return several.Length > 0 ? several : [.. texts.Where(t => t is "text" or "content").Take(1)];
    }

    /// <summary>The place of the answer that a value names; -1 for none.</summary>
    public static int Place(string name, ImmutableArray<string> answers)
    {
        var exact = answers.IndexOf(name);
        if (exact >= 0)
        {
            return exact;
        }
        var plain = Plain(name);
        int[] same = [.. answers.Index().Where(a => Plain(a.Item) == plain || Mark(a.Item) == plain).Select(a => a.Index)];
        return same.Length == 1 ? same[0] : -1;
    }

    public static bool IsTie(string name) => Plain(name) is "tie" or "both" or "equal" or "same" or "draw";

    private static bool IsText(JsonNode? node) => node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static string Plain(string name) => name.ToLowerInvariant().Replace('-', '_').Replace(' ', '_');

    /// <summary>What tells an answer from the others: 1 of reply_1, a of answer_a.</summary>
    private static string Mark(string name) => Numbered().Match(name) is { Success: true } match ? Plain(match.Groups["mark"].Value) : "";

    [GeneratedRegex(
        "^((reply|response|answer|completion|generation|output|candidate|summary|option|text|model_output)[_-]?)(?<mark>[0-9]+|[a-h]|left|right)$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Numbered();

    [GeneratedRegex("^(reply|response|answer|completion|generation|output|summary)$", RegexOptions.IgnoreCase)]
    private static partial Regex Alone();
}
