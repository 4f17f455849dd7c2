using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Attune.Feedback.Formats;

/// <summary>Which fields of an annotation tool's record hold the prompt and the answers: by the names that people give them.</summary>
internal static partial class AnswerNames
{
    private const int LongestName = 40;

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

    /// <summary>The place of the answer that a value names, such as reply_1, B or "A is better"; -1 for none.</summary>
    public static int Place(string name, ImmutableArray<string> answers)
    {
        var exact = answers.IndexOf(name);
        if (exact >= 0 || name.Length > LongestName)
        {
            return exact;
        }
        var plain = Plain(name);
        var same = Only(answers, a => Plain(a) == plain || Mark(a) == plain);
        if (same >= 0)
        {
            return same;
        }
        string[] words = [.. Words(name)];
        return answers.Length == 2 && words is ["left"] or ["first"] ? 0
            : answers.Length == 2 && words is ["right"] or ["second"] ? 1
            : Only(answers, a => Mark(a).Length > 0 && words.Contains(Mark(a)));
    }

    /// <summary>Whether a value says that answers are equally good.</summary>
    public static bool IsTie(string name) =>
        name.Length <= LongestName
        && (Plain(name) == "both" || Words(name).Any(w => w is "tie" or "tied" or "equal" or "equally" or "same" or "draw"));

    private static int Only(ImmutableArray<string> answers, Func<string, bool> fits)
    {
        int[] found = [.. answers.Index().Where(a => fits(a.Item)).Select(a => a.Index)];
        return found.Length == 1 ? found[0] : -1;
    }

    private static IEnumerable<string> Words(string name) =>
        name.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Trim('.', ',', '!', '(', ')', ':'));

    private static bool IsText(JsonNode? node) => node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.String;

    private static string Plain(string name) => name.ToLowerInvariant().Replace('-', '_').Replace(' ', '_');

    /// <summary>What tells an answer from the others: 1 of reply_1, a of answer_a.</summary>
    private static string Mark(string name) => Numbered().Match(name) is { Success: true } match ? Plain(match.Groups["mark"].Value) : "";

    [GeneratedRegex(
        "^(reply|response|answer|completion|generation|output|candidate|summary|option|text|model_output)[_-]?"
            + "(?<mark>[0-9]+|[a-h]|left|right)$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Numbered();

    [GeneratedRegex("^(reply|response|answer|completion|generation|output|summary)$", RegexOptions.IgnoreCase)]
    private static partial Regex Alone();
}
