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
            "upper" => JinjaValues.Text(value).ToUpperInvariant(),
            "lower" => JinjaValues.Text(value).ToLowerInvariant(),
            "capitalize" => JinjaTextMethods.Capitalized(JinjaValues.Text(value)),
            "title" => JinjaTextMethods.Title(JinjaValues.Text(value)),
            "string" => JinjaValues.Text(value),
            "safe" => value,
            "escape" or "e" => Escaped(JinjaValues.Text(value), budget),
            "replace" => JinjaTextMethods.Replaced(
                JinjaValues.Text(value),
                JinjaValues.Text(a.Required(0, "old")),
                JinjaValues.Text(a.Required(1, "new")),
                a.Get(2, "count") as long? ?? -1,
                budget
            ),
            "indent" => Indented(JinjaValues.Text(value), a, budget),
            "format" => budget.Made(JinjaArithmetic.Format(JinjaValues.Text(value), new JinjaList(a.Positional, IsTuple: true))),
            "wordcount" => (long)JinjaValues.Text(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
            "int" => Whole(value, a),
            "float" => Number(value) ?? a.Get(0, "default", 0.0),
            "abs" => Absolute(value),
            "round" => Rounded(value, a),
            _ => JinjaListFilters.Apply(name, value, a, budget),
        };
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
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
                number,
            string text when Number(text) is { } number && Math.Abs(number) < 9e18 => (long)number,
            _ => a.Get(0, "default", 0L),
        };

    private static double? Number(object? value) =>
        value is string text
            ? double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number
                : null
            : JinjaValues.AsNumber(value);

    private static double Rounded(object? value, JinjaArguments a)
    {
        var number = JinjaValues.AsNumber(value) ?? throw new JinjaException($"round of {JinjaValues.TypeOf(value)}");
        var scale = Math.Pow(10, Math.Clamp(a.Get(0, "precision") as long? ?? 0, -15, 15));
        return (a.Get(1, "method") as string) switch
        {
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => Math.Round(number * scale, MidpointRounding.ToEven) / scale,
        };
    }
}
