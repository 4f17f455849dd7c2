using System.Collections.Immutable;
using Attune.Feedback.Labels;

namespace Attune.Web.Annotation;

/// <summary>An action and its keys.</summary>
/// <param name="Action">The name that elements carry in data-act, or a handler of the page's script.</param>
/// <param name="Label">The text in the help.</param>
/// <param name="Keys">The names that browsers use for keys, letters in lower case; several are separated by spaces.</param>
public sealed record KeyAction(string Action, string Label, string Keys);

/// <summary>The registry of all keys. A test checks that no two actions of a page share a key.</summary>
public static class KeyMap
{
    private static readonly ImmutableArray<KeyAction> Shared =
    [
        new("submit", "Submit", "Ctrl+Enter Enter"),
        new("undo", "Undo the last submission", "Ctrl+z"),
        new("comment", "Write a comment", "c"),
        new("leave", "Leave a text box", "Escape"),
        new("skip", "Skip, with a reason", "s"),
        new("flag", "Flag a problem", "f"),
        new("guidelines", "Open or close the guidelines", "g"),
        new("read", "Say that you have read the guidelines", "r"),
        new("view", "Show the raw text, or render it", "v"),
        new("keys", "This help", "?"),
    ];

    private static readonly ImmutableArray<KeyAction> Sides =
    [
        new("weaker", "One step towards A", "ArrowLeft"),
        new("stronger", "One step towards B", "ArrowRight"),
        new("answer-a", "Read answer A", "a"),
        new("answer-b", "Read answer B", "b"),
    ];

    private static readonly ImmutableArray<KeyAction> Equal = [new("tie", "Equally good", "t")];

    private static readonly ImmutableArray<KeyAction> Walk = [new("next", "Next one", "j"), new("previous", "Previous one", "k")];

    private static readonly ImmutableArray<KeyAction> Ranks =
    [
        new("better", "One rank better", "Alt+ArrowUp"),
        new("worse", "One rank worse", "Alt+ArrowDown"),
        new("tie", "Tie with the previous answer", "t"),
    ];

    private static readonly ImmutableArray<KeyAction> Steps =
    [
        new("wrong", "The current step is wrong (-1)", "1 -"),
        new("neutral", "The current step is neutral (0)", "2 0"),
        new("right", "The current step is right (+1)", "3 ="),
        new("give-up", "Give up", "e"),
        new("bad-problem", "The problem is bad", "b"),
        new("correction", "Write the correct step", "w"),
    ];

    private static readonly ImmutableArray<KeyAction> Spans =
    [
        new("unit", "Select by word or by character", "u"),
        new("next-span", "Next mark", "m"),
        new("delete-span", "Delete the current mark", "x"),
        new("note", "Write a note on the current mark", "n"),
        new("missing", "Go to what is missing", "l"),
        new("corrected", "Write the corrected text", "w"),
    ];

    /// <param name="parts">The answers, error types or rating levels to choose from.</param>
    /// <param name="ties">Whether two answers that are compared may be called equally good.</param>
    public static ImmutableArray<KeyAction> For(ProjectKind kind, int parts, bool ties = false) =>
        kind switch
        {
            ProjectKind.Comparison => [.. Levels(8, StrengthText.Of), .. ties ? Equal : [], .. Sides, .. Shared],
            ProjectKind.Chat =>
            [
                .. Levels(8, level => StrengthText.Of(level) + (level <= 5 ? $"; in the overall rating, {level} of 5" : "")),
                .. Sides,
                new("overall", "Rate the whole conversation", "o"),
                new("message", "Write a message", "i"),
                .. Shared,
            ],
            ProjectKind.Ranking =>
            [
                .. Walk,
                .. Levels(Math.Min(parts, 9), rank => $"Rank {rank} for the current answer, then the next"),
                .. Ranks,
                .. Shared,
            ],
            ProjectKind.BestOf =>
            [
                .. Levels(Math.Min(parts, 9), n => $"{Letter(n - 1)} is best"),
                new("none", "None is acceptable", "0"),
                .. Shared,
            ],
            ProjectKind.Steps => [.. Walk, .. Steps, .. Shared],
            ProjectKind.Spans =>
            [
                new("answer-text", "Go to the answer: arrow keys move, Shift with arrow keys selects", "a"),
                .. Levels(Math.Min(parts, 9), n => $"Mark the selection with error type {n}"),
                .. Spans,
                .. Shared,
            ],
            ProjectKind.Timed => Shared,
            _ => [.. Levels(Math.Min(parts, 9), n => parts == 2 ? (n == 1 ? "Bad" : "Good") : $"Rating number {n}"), .. Shared],
        };

    /// <summary>A, B, C, ...</summary>
    public static string Letter(int index) =>
        index < 26 ? ((char)('A' + index)).ToString() : (index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<KeyAction> Levels(int count, Func<int, string> label) =>
        Enumerable
            .Range(1, count)
            .Select(n => new KeyAction($"level-{n}", label(n), n.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
