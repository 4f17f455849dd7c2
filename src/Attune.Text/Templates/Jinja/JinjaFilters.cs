using System.Globalization;

namespace Attune.Text.Templates.Jinja;

/// <summary>What stands after <c>|</c>: Jinja's filters, those that templates use.</summary>
internal static class JinjaFilters
{
    public static object? Apply(string name, object? value, JinjaArguments a, JinjaBudget budget)
    {
        if (value is string text)
        {
            budget.Step(text.Length / 16);
        }
        return name switch
        {
            "trim" => JinjaValues.Text(value) is var whole && a.Get(0, "chars") is string characters
                ? whole.Trim(characters.ToCharArray())
                : JinjaValues.Text(value).Trim(JinjaTextMethods.White),
            "tojson" => JinjaJson.Write(value, a, budget),
            "default" or "d" => value is JinjaUndefined || (JinjaValues.Truth(a.Get(1, "boolean", false)) && !JinjaValues.Truth(value))
                ? a.Get(0, "default_value", "")
                : value,
            "length" or "count" => Length(value),
            "upper" => JinjaCase.Upper(JinjaValues.Text(value)),
            "lower" => JinjaCase.Lower(JinjaValues.Text(value)),
            "capitalize" => JinjaCase.Capitalized(JinjaValues.Text(value)),
            "title" => Words(JinjaValues.Text(value)),
            "string" => JinjaValues.Text(value),
            "safe" => value,
            "forceescape" => Escaped(JinjaValues.Text(value), budget),
            "escape" or "e" => Escaped(JinjaValues.Text(value), budget),
            "replace" => JinjaTextMethods.Replaced(
                JinjaValues.Text(value),
                JinjaValues.Text(a.Required(0, "old")),
                JinjaValues.Text(a.Required(1, "new")),
                a.Get(2, "count") as long? ?? -1,
                budget
            ),
            "indent" => Indented(JinjaValues.Text(value), a, budget),
            "format" => budget.Made(
                JinjaFormat.Percent(
                    JinjaValues.Text(value),
                    a.Named.IsEmpty ? new JinjaList(a.Positional, IsTuple: true) : JinjaDict.Of(a.Named)
                )
            ),
            "wordcount" => (long)JinjaValues.Text(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
            "int" or "float" or "abs" or "round" => OfNumber(name, value, a),
            _ => JinjaListFilters.Apply(name, value, a, budget),
        };
    }

    private static object? OfNumber(string name, object? value, JinjaArguments a) =>
        name switch
        {
            "int" => Whole(value, a),
            "float" => Number(value) ?? a.Get(0, "default", 0.0),
            "abs" => Absolute(value),
            _ => Rounded(value, a),
        };

    /// <summary>Words begin after white space, hyphens and opening brackets: not so after an apostrophe.</summary>
    private static string Words(string text)
    {
        var (result, start) = (new System.Text.StringBuilder(), 0);
        for (var i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || Separates(text[i]) != Separates(text[start]))
            {
                result.Append(Separates(text[start]) ? text[start..i] : First(text[start..i]));
                start = i;
            }
        }

        return result.ToString();

        static bool Separates(char letter) => letter is '-' or '(' or '{' or '[' or '<' || JinjaTextMethods.IsWhite(letter);

        static string First(string word)
        {
            var length = char.IsHighSurrogate(word[0]) && word.Length > 1 ? 2 : 1;
            return JinjaCase.Upper(word[..length]) + JinjaCase.Lower(word[length..]);
        }
    }

    private static object Absolute(object? value) =>
        value switch
        {
            long number => (object)Math.Abs(Math.Max(number, -long.MaxValue)),
            double number => Math.Abs(number),
            _ => throw new JinjaException($"abs of {JinjaValues.TypeOf(value)}"),
        };

    private static long Length(object? value) =>
        value switch
        {
            JinjaUndefined => 0,
            string or JinjaList or JinjaDict => JinjaValues.Items(value).Length,
            _ => throw new JinjaException($"{JinjaValues.TypeOf(value)} has no length"),
        };

    private static string Escaped(string text, JinjaBudget budget) =>
        budget.Made(
            text.Replace("&", "&amp;", StringComparison.Ordinal)
                .Replace("<", "&lt;", StringComparison.Ordinal)
                .Replace(">", "&gt;", StringComparison.Ordinal)
                .Replace("'", "&#39;", StringComparison.Ordinal)
                .Replace("\"", "&#34;", StringComparison.Ordinal)
        );

    private static string Indented(string text, JinjaArguments a, JinjaBudget budget)
    {
        var width = a.Get(0, "width", 4L);
        var (first, blank) = (JinjaValues.Truth(a.Get(1, "first", false)), JinjaValues.Truth(a.Get(2, "blank", false)));
        var lines = text.Split('\n');
        if (width is long spaces)
        {
            budget.Make(text.Length + Math.Clamp(spaces, 0, int.MaxValue) * lines.Length);
        }
        var before = width as string ?? new string(' ', (int)Math.Max(0, (long)width!));
        return budget.Made(
            string.Join('\n', lines.Select((line, i) => (i > 0 || first) && (line.Length > 0 || blank) ? before + line : line))
        );
    }

    private static object? Whole(object? value, JinjaArguments a) =>
        value switch
        {
            long number => number,
            bool flag => flag ? 1L : 0L,
            double number when Math.Abs(number) < 9e18 => (long)number,
            string text when a.Get(1, "base", 10L) is long radix and not 10 => OfBase(text.Trim(), radix) ?? a.Get(0, "default", 0L),
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
                number,
            string text when Number(text) is { } number && Math.Abs(number) < 9e18 => (long)number,
            _ => a.Get(0, "default", 0L),
        };

    private static object? OfBase(string text, long radix)
    {
        var (digits, sign) = text.StartsWith('-') ? (text[1..], -1L) : (text, 1L);
        var prefix = radix switch
        {
            16 => "0x",
            8 => "0o",
            2 => "0b",
            _ => throw new JinjaException($"int reads numbers of the base 2, 8, 10 and 16, not {radix}"),
        };
        digits = digits.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
        try
        {
            return digits.Length == 0 ? null : sign * Convert.ToInt64(digits, (int)radix);
        }
        catch (Exception problem) when (problem is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    private static double? Number(object? value) =>
        value is string text
            ? double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number
                : null
            : JinjaValues.AsNumber(value);

    private static object Rounded(object? value, JinjaArguments a)
    {
        var number = JinjaValues.AsNumber(value) ?? throw new JinjaException($"round of {JinjaValues.TypeOf(value)}");
        var precision = (int)Math.Clamp(a.Get(0, "precision") as long? ?? 0, -15, 15);
        var scale = Math.Pow(10, precision);
        return (a.Get(1, "method", "common") as string) switch
        {
            "ceil" => (object)(Math.Ceiling(number * scale) / scale),
            "floor" => Math.Floor(number * scale) / scale,
            "common" when value is long whole => precision >= 0
                ? whole
                : (long)(Math.Round(whole / (decimal)(1 / scale), MidpointRounding.ToEven) * (decimal)(1 / scale)),
            "common" => JinjaFormat.Rounded(number, precision),
            var other => throw new JinjaException($"round has no method '{other}'; expected common, ceil or floor"),
        };
    }
}
