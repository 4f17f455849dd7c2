using System.Globalization;
using System.Text.RegularExpressions;

namespace Attune.Training.Rewards;

/// <summary>Which part of an answer says what it comes to.</summary>
public enum AnswerPart
{
    /// <summary>All of it.</summary>
    Whole,

    /// <summary>What the last <c>\boxed{}</c> holds, as in MATH (Hendrycks et al. 2021).</summary>
    Boxed,

    /// <summary>What follows the last <c>####</c> on its line, as in GSM8K (Cobbe et al. 2021).</summary>
    Gsm8k,

    /// <summary>The last number in it.</summary>
    LastNumber,

    /// <summary>The first group of the last match of a regular expression.</summary>
    Group,
}

/// <summary>When two answers agree.</summary>
public enum AnswerComparison
{
    /// <summary>The same text, apart from white space around it.</summary>
    Exact,

    /// <summary>Numbers that differ little.</summary>
    Numeric,
}

/// <summary>Finds the part of a text that is compared, and reads numbers.</summary>
/// <param name="group">For <see cref="AnswerPart.Group"/>.</param>
internal sealed partial class AnswerParts(AnswerPart part, Regex? group)
{
    private const string Box = @"\boxed{";
    private const string Mark = "####";

    /// <summary>The part; null where the text has none.</summary>
    public string? Of(string text) =>
        part switch
        {
            AnswerPart.Boxed => Boxed(text),
            AnswerPart.Gsm8k => text.LastIndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at
                ? text[(at + Mark.Length)..].Split('\n')[0].Trim()
                : null,
            AnswerPart.LastNumber => Numbers().Matches(text).LastOrDefault()?.Value,
            AnswerPart.Group => group!.Matches(text).LastOrDefault() is { } match ? match.Groups[1].Value : null,
            _ => text,
        };

    /// <summary>
    /// A number as people write it: with thousands in commas, a currency before or a full stop or percent sign after it, or a fraction.
    /// Null for everything else.
    /// </summary>
    public static double? Number(string text)
    {
        var plain = text.Trim().TrimStart('$', '€', '£', ' ').TrimEnd('.', '%', ' ').Replace(",", "", StringComparison.Ordinal);
        if (plain.Split('/') is [var above, var below] && Plain(above) is { } numerator && Plain(below) is { } denominator)
        {
            return denominator == 0 ? null : numerator / denominator;
        }

        return Plain(plain);
    }

    private static double? Plain(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    /// <summary>Braces inside are part of it; a box that is not closed is none.</summary>
    private static string? Boxed(string text)
    {
        var start = text.LastIndexOf(Box, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var depth = 1;
        for (var i = start + Box.Length; i < text.Length; i++)
        {
            depth += text[i] switch
            {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return text[(start + Box.Length)..i];
            }
        }

        return null;
    }

    [GeneratedRegex(@"-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?")]
    private static partial Regex Numbers();
}
