using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>Text as YAML: bare where nobody can misread it, else in double quotes with escapes.</summary>
internal static partial class QuotedText
{
    /// <exception cref="AttuneException">The text holds half a surrogate pair, which no file can hold.</exception>
    public static string Of(string text)
    {
        if (Bare().IsMatch(text) && !Taken().IsMatch(text) && ScalarText.ReadNumber(text, typeof(double)) is null)
        {
            return text;
        }

        var quoted = new StringBuilder("\"");
        for (var i = 0; i < text.Length; i++)
        {
            if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                quoted.Append(Escape(rune));
                i += rune.Utf16SequenceLength - 1;
            }
            else
            {
                throw new AttuneException($"{ScalarText.Shown(text)} is not valid Unicode; it cannot be written to a recipe.");
            }
        }

        return quoted.Append('"').ToString();
    }

    private static string Escape(Rune rune) =>
        rune.Value switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            ' ' => " ",
            _ => Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
                _ => rune.ToString(),
            },
        };

    // No indicator at the start, and none of ": " or " #" inside: letters, digits and the signs of paths and names.
    [GeneratedRegex(@"\A[A-Za-z0-9_./][A-Za-z0-9_./+:-]*( [A-Za-z0-9_./+-][A-Za-z0-9_./+-]*)*\z")]
    private static partial Regex Bare();

    [GeneratedRegex(
        @"\A(null|true|false|yes|no|on|off|y|n|[+-]?\.(inf|nan)|.*:|[.]+|0[xob].*|.*: .*|[0-9._:+-]+)\z",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Taken();
}
