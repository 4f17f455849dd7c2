using System.Globalization;
using System.Text;

namespace Attune.Recipes.Binding;

/// <summary>Scalars as text: how numbers are read and written, and how found values are shown in messages.</summary>
internal static class ScalarText
{
    private const NumberStyles Whole = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
    private const int LongestShown = 60;

    /// <summary>
    /// A number as <paramref name="type"/>; whole numbers may be written 1e6. Not a number, and finite text too large, are refused.
    /// </summary>
    public static object? ReadNumber(string text, Type type)
    {
        var culture = CultureInfo.InvariantCulture;
        if (type == typeof(int))
        {
            return int.TryParse(text, Whole, culture, out var value) ? value : null;
        }

        if (type == typeof(long))
        {
            return long.TryParse(text, Whole, culture, out var value) ? value : null;
        }

        if (type == typeof(ulong))
        {
            return ulong.TryParse(text, Whole, culture, out var value) ? value : null;
        }

        return text switch
        {
            ".inf" or "+.inf" => double.PositiveInfinity,
            "-.inf" => double.NegativeInfinity,
            _ => double.TryParse(text, Whole, culture, out var value) && double.IsFinite(value) ? value : null,
        };
    }

    /// <summary>The shortest text that reads back to the same number; exponents as 1e-05 is usually written by hand: 1e-5.</summary>
    public static string Format(object number)
    {
        if (number is not double value)
        {
            return Convert.ToString(number, CultureInfo.InvariantCulture)!;
        }

        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? ".nan"
                : value > 0 ? ".inf"
                : "-.inf";
        }

        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = text.IndexOf('E', StringComparison.Ordinal);
        return exponent < 0
            ? text
            : text[..exponent]
                + "e"
                + int.Parse(text.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
                    .ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Text for a message: in quotes, on one line, not endless.</summary>
    public static string Shown(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= LongestShown)
            {
                shown.Append('…');
                break;
            }

            shown.Append(
                rune.Value == '\n' ? "\\n"
                : Rune.IsControl(rune) ? " "
                : rune.ToString()
            );
        }

        return shown.Append('\'').ToString();
    }

    /// <summary>A given node for a message: a number bare, a text in quotes, a list or mapping by its kind.</summary>
    public static string Shown(OptionNode node) =>
        node switch
        {
            OptionNode.Scalar { IsNull: true } => "empty",
            OptionNode.Scalar scalar => ReadNumber(scalar.Text, typeof(double)) is null ? Shown(scalar.Text) : scalar.Text,
            OptionNode.Sequence => "a list",
            _ => "a mapping",
        };
}
