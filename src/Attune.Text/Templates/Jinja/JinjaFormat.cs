using System.Globalization;
using System.Text;

namespace Attune.Text.Templates.Jinja;

/// <summary>Python's two ways to put values into a text, and its numbers of so many places.</summary>
internal static class JinjaFormat
{
    /// <summary>How a value is laid out.</summary>
    private readonly record struct Layout(
        char Kind,
        int Width = 0,
        int Precision = -1,
        char Align = '\0',
        char Fill = ' ',
        string Sign = ""
    )
    {
        public string Group { get; init; } = "";
    }

    /// <summary>Python's % on texts: flags, width and precision, then s, r, d, i, u, f, e, g, x, X, o, c or %.</summary>
    /// <param name="values">A tuple, or one value; a dict for places with names.</param>
    public static string Percent(string format, object? values)
    {
        var given = values is JinjaList { IsTuple: true } tuple ? tuple.Items : [values];
        var (result, next, i) = (new StringBuilder(), 0, 0);
        while (i < format.Length)
        {
            if (format[i] != '%')
            {
                result.Append(format[i++]);
                continue;
            }

            i++;
            var name = Name(format, ref i);
            var layout = PercentLayout(format, ref i);
            if (layout.Kind == '%')
            {
                result.Append('%');
                continue;
            }
            var value = name is not null
                ? (values as JinjaDict ?? throw new JinjaException($"'{format}' names its values, but was given no mapping")) is var named
                && named.TryGet(name, out var found)
                    ? found
                    : throw new JinjaException($"'{format}' names '{name}', which was not given")
                : next < given.Length
                    ? given[next++]
                    : throw new JinjaException($"'{format}' has more places than values");
            result.Append(Laid(value, layout, format));
        }

        return next < given.Length && values is not JinjaDict
            ? throw new JinjaException($"'{format}' has fewer places than values")
            : result.ToString();
    }

    private static string? Name(string format, ref int i)
    {
        if (i >= format.Length || format[i] != '(')
        {
            return null;
        }
        var end = format.IndexOf(')', i);
        if (end < 0)
        {
            throw new JinjaException($"a '%(' of '{format}' has no ')'");
        }
        var name = format[(i + 1)..end];
        i = end + 1;
        return name;
    }

    private static Layout PercentLayout(string format, ref int i)
    {
        var (align, fill, sign) = ('>', ' ', "");
        for (; i < format.Length && format[i] is '-' or '+' or ' ' or '0'; i++)
        {
            (align, fill, sign) = format[i] switch
            {
                '-' => ('<', ' ', sign),
                '0' => (align, align == '<' ? ' ' : '0', sign),
                var plus => (align, fill, plus == '+' || sign.Length == 0 ? plus.ToString() : sign),
            };
        }

        var width = Number(format, ref i) ?? 0;
        var precision = -1;
        if (i < format.Length && format[i] == '.')
        {
            i++;
            precision = Number(format, ref i) ?? 0;
        }
        return i < format.Length
            ? new Layout(format[i++], width, precision, fill == '0' ? '=' : align, fill, sign)
            : throw new JinjaException($"'{format}' ends within a place for a value");
    }

    private static int? Number(string format, ref int i)
    {
        var start = i;
        while (i < format.Length && char.IsAsciiDigit(format[i]))
        {
            i++;
        }

        return start == i ? null
            : int.TryParse(format.AsSpan(start, i - start), CultureInfo.InvariantCulture, out var number) && number <= 10_000 ? number
            : throw new JinjaException($"a width or precision of '{format}' is too large; expected 10000 at most");
    }

    /// <summary><c>{}</c>, <c>{0}</c> and <c>{name}</c>, with !r or !s and a format after a colon.</summary>
    public static string Braces(string text, JinjaArguments a)
    {
        var (result, next) = (new StringBuilder(), 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                result.Append(text[i++]);
                continue;
            }

            if (text[i] != '{')
            {
                result.Append(text[i] == '}' ? throw new JinjaException("a '}' of format() has no '{'") : text[i]);
                continue;
            }

            var end = text.IndexOf('}', i);
            var place = end < 0 ? throw new JinjaException("a '{' of format() has no '}'") : text[(i + 1)..end];
            result.Append(Braced(place, a, ref next));
            i = end;
        }

        return result.ToString();
    }

    private static string Braced(string place, JinjaArguments a, ref int next)
    {
        var colon = place.IndexOf(':', StringComparison.Ordinal);
        var (name, spec) = colon < 0 ? (place, "") : (place[..colon], place[(colon + 1)..]);
        var conversion = name.EndsWith("!r", StringComparison.Ordinal) || name.EndsWith("!s", StringComparison.Ordinal) ? name[^1] : '\0';
        name = conversion == '\0' ? name : name[..^2];
        if (name.AsSpan().IndexOfAny("[.!{") >= 0 || (next < 0) != (name.Length > 0 && char.IsAsciiDigit(name[0])) && next != 0)
        {
            throw new JinjaException($"format() cannot read '{{{place}}}'");
        }
        int at;
        if (name.Length == 0)
        {
            at = next++;
        }
        else if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out at))
        {
            next = -1;
        }
        else
        {
            at = -1;
        }
        var value = a.Required(at, name.Length == 0 || at >= 0 ? "\0" : name);
        value = conversion switch
        {
            'r' => JinjaValues.Shown(value, 0),
            's' => JinjaValues.Text(value),
            _ => value,
        };
        return spec.Length == 0 ? JinjaValues.Text(value) : Laid(value, BraceLayout(spec, value), place);
    }

    /// <summary>Python's format: fill and alignment, sign, 0, width, grouping, precision, kind.</summary>
    private static Layout BraceLayout(string spec, object? value)
    {
        var i = 0;
        var (fill, align) = (' ', '\0');
        if (spec.Length > 1 && spec[1] is '<' or '>' or '^' or '=')
        {
            (fill, align, i) = (spec[0], spec[1], 2);
        }
        else if (spec[0] is '<' or '>' or '^' or '=')
        {
            (align, i) = (spec[0], 1);
        }
        var sign = i < spec.Length && spec[i] is '+' or '-' or ' ' ? spec[i++].ToString() : "";
        if (i < spec.Length && spec[i] == '0' && align == '\0')
        {
            (fill, align, i) = ('0', '=', i + 1);
        }
        var width = Number(spec, ref i) ?? 0;
        var group = i < spec.Length && spec[i] is ',' or '_' ? spec[i++].ToString() : "";
        var precision = -1;
        if (i < spec.Length && spec[i] == '.')
        {
            i++;
            precision = Number(spec, ref i) ?? throw new JinjaException($"the format '{spec}' has no precision after '.'");
        }
        var kind =
            i < spec.Length ? spec[i++]
            : value is string ? 's'
            : value is long or bool ? 'd'
            : precision >= 0 || group.Length > 0 ? throw new JinjaException($"the format '{spec}' needs a kind, as in .2f")
            : 's';
        align = align == '\0' ? (JinjaValues.AsNumber(value) is null ? '<' : '>') : align;
        return i == spec.Length && !(kind == 's' && align == '=')
            ? new Layout(kind, width, precision, align, fill, sign == "-" ? "" : sign) { Group = group }
            : throw new JinjaException($"the format '{spec}' is not known here");
    }

    private static string Laid(object? value, Layout layout, string format)
    {
        var number = JinjaValues.AsNumber(value);
        var text = layout.Kind switch
        {
            's' => Cut(JinjaValues.Text(value), layout.Precision),
            'r' => Cut(JinjaValues.Shown(value, 0), layout.Precision),
            'c' when value is string one && one.EnumerateRunes().Count() == 1 => one,
            'd' or 'i' or 'u' when number is not null => (value as long? ?? (long)number).ToString(CultureInfo.InvariantCulture),
            'x' or 'X' or 'o' or 'b' when value is long whole && layout.Precision < 0 => (whole < 0 ? "-" : "")
                + Digits(Math.Abs(whole), layout.Kind),
            'f' or 'F' when number is { } real => Fixed(real, layout.Precision < 0 ? 6 : layout.Precision),
            'e' or 'E' when number is { } real && double.IsFinite(real) => real.ToString(
                $"{layout.Kind}{layout.Precision}".Replace("-1", "6", StringComparison.Ordinal),
                CultureInfo.InvariantCulture
            )
                is var scientific
                ? scientific.Replace("+0", "+", StringComparison.Ordinal).Replace("-0", "-", StringComparison.Ordinal)
                : "",
            _ => throw new JinjaException($"'{layout.Kind}' in '{format}' cannot take {JinjaValues.TypeOf(value)}"),
        };
        if (number is not null && layout.Kind is not ('s' or 'r' or 'c'))
        {
            text = Grouped(text, layout.Group);
            text = text.StartsWith('-') ? text : layout.Sign + text;
        }
        var missing = Math.Max(0, layout.Width - Core.Conversations.CodePoints.Count(text));
        var signs = text.Length > 0 && text[0] is '-' or '+' or ' ' ? 1 : 0;
        return layout.Align switch
        {
            '<' => text + new string(layout.Fill, missing),
            '^' => new string(layout.Fill, missing / 2) + text + new string(layout.Fill, missing - missing / 2),
            '=' when layout.Kind is not ('s' or 'r' or 'c') => text[..signs] + new string(layout.Fill, missing) + text[signs..],
            '=' => new string(' ', missing) + text,
            _ => new string(layout.Fill, missing) + text,
        };
    }

    private static string Cut(string text, int length) =>
        length < 0 ? text : string.Concat(text.EnumerateRunes().Take(length).Select(r => r.ToString()));

    private static string Digits(long number, char kind) =>
        kind switch
        {
            'x' => number.ToString("x", CultureInfo.InvariantCulture),
            'X' => number.ToString("X", CultureInfo.InvariantCulture),
            'o' => Convert.ToString(number, 8),
            _ => Convert.ToString(number, 2),
        };

    private static string Grouped(string text, string between)
    {
        if (between.Length == 0)
        {
            return text;
        }
        var start = text.StartsWith('-') ? 1 : 0;
        var end = text.IndexOf('.', StringComparison.Ordinal) is >= 0 and var point ? point : text.Length;
        for (var at = end - 3; at > start; at -= 3)
        {
            text = text.Insert(at, between);
        }

        return text;
    }

    /// <summary>So many places after the point; of two equally near numbers the even one, by the number's exact value.</summary>
    private static string Fixed(double number, int places)
    {
        if (!double.IsFinite(number))
        {
            return JinjaValues.Number(number);
        }
        var scaled = places <= 22 ? number * Math.Pow(10, places) : 0;
        var isTie = scaled != 0 && Math.Abs(scaled % 1) == 0.5 && Math.FusedMultiplyAdd(number, Math.Pow(10, places), -scaled) == 0;
        return isTie
            ? ((decimal)Math.Round(scaled, MidpointRounding.ToEven) / (decimal)Math.Pow(10, places)).ToString(
                $"F{places}",
                CultureInfo.InvariantCulture
            )
            : number.ToString($"F{places}", CultureInfo.InvariantCulture);
    }

    public static double Rounded(double number, int places) =>
        places >= 0
            ? double.Parse(Fixed(number, places), CultureInfo.InvariantCulture)
            : Math.Round(number / Math.Pow(10, -places), MidpointRounding.ToEven) * Math.Pow(10, -places);
}
