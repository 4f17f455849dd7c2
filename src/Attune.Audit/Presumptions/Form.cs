using System.Text.RegularExpressions;

namespace Attune.Audit.Presumptions;

/// <summary>What can be seen of an answer without understanding it.</summary>
internal static partial class Form
{
    public static readonly (string Name, Func<string, string, double> Of)[] Features =
    [
        ("length, per doubling", (_, answer) => Math.Log2(1 + answer.EnumerateRunes().Count())),
        ("lists, headings and code", (_, answer) => Formatting().Count(answer) > 0 ? 1 : 0),
        ("words of the prompt, share of the answer's", Copied),
        ("refusal", (_, answer) => Refusal().IsMatch(answer) ? 1 : 0),
    ];

    /// <summary>An answer's features in their order.</summary>
    public static double[] Of(string prompt, string answer) => [.. Features.Select(f => f.Of(prompt, answer))];

    private static double Copied(string prompt, string answer)
    {
        var words = Words().Matches(answer.ToLowerInvariant()).Select(m => m.Value).ToArray();
        var asked = Words().Matches(prompt.ToLowerInvariant()).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        return words.Length == 0 ? 0 : words.Count(asked.Contains) / (double)words.Length;
    }

    [GeneratedRegex(@"^\s*([-*•]\s|\d+[.)]\s|#+\s|```)", RegexOptions.Multiline)]
    private static partial Regex Formatting();

    [GeneratedRegex(@"\bI('m| am) (sorry|unable|not able)|\bI (can(no|')t|won't|shouldn't)\b|\bas an AI\b", RegexOptions.IgnoreCase)]
    private static partial Regex Refusal();

    [GeneratedRegex(@"\p{L}{4,}")]
    private static partial Regex Words();
}
