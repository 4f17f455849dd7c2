using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Attune.Text.Templates.Jinja;

/// <summary>The functions that chat templates may call.</summary>
internal static class JinjaGlobals
{
    public static IEnumerable<(string Name, object? Value)> All(JinjaBudget budget, TimeProvider time)
    {
        (string Name, object? Value) Of(string name, Func<JinjaArguments, object?> body) => (name, new JinjaFunction(name, body));
        yield return Of("range", a => Range(a, budget));
        yield return Of("dict", Dict);
        yield return Of("joiner", Joiner);
        foreach (var name in new[] { "cycler", "lipsum", "self" })
        {
            yield return (name, new JinjaUnknown(name));
        }

        yield return Of("namespace", Namespace);
        yield return Of("raise_exception", a => throw new JinjaException(JinjaValues.Text(a.Required(0, "message"))) { IsRefusal = true });
        yield return Of("strftime_now", a => budget.Made(Time(JinjaValues.Text(a.Required(0, "format")), time.GetLocalNow())));
    }

    private static JinjaList Range(JinjaArguments a, JinjaBudget budget)
    {
        long At(int place) => a.Positional[place] as long? ?? throw new JinjaException("range() takes whole numbers");
        if (a.Positional.Length is 0 or > 3)
        {
            throw new JinjaException("range() takes one to three whole numbers");
        }
        var (start, stop, step) = a.Positional.Length == 1 ? (0, At(0), 1L) : (At(0), At(1), a.Positional.Length == 3 ? At(2) : 1);
        if (step == 0)
        {
            throw new JinjaException("range() has a step of 0");
        }
        var count = (long)Math.Max(0, Math.Ceiling(((double)stop - start) / step));
        budget.Make(count);
        budget.Step(count);
        var items = ImmutableArray.CreateBuilder<object?>((int)count);
        for (var i = 0L; i < count; i++)
        {
            items.Add(start + i * step);
        }

        var shown = string.Create(CultureInfo.InvariantCulture, $"range({start}, {stop}{(step == 1 ? "" : $", {step}")})");
        return new JinjaList(items.ToImmutable()) { Range = shown };
    }

    private static JinjaDict Dict(JinjaArguments a) =>
        new([
            .. (a.Positional.IsEmpty ? null : a.Positional[0]) switch
            {
                null => [],
                JinjaDict dict => dict.KeysInOrder.Select(k => KeyValuePair.Create(k, dict[k])),
                JinjaList pairs => pairs.Items.Select(p =>
                    JinjaValues.Items(p) is [{ } key, var value]
                        ? KeyValuePair.Create(key, value)
                        : throw new JinjaException("dict() takes pairs of a key and a value")
                ),
                var other => throw new JinjaException($"dict() cannot be made of {JinjaValues.TypeOf(other)}"),
            },
            .. a.Named.Select(n => KeyValuePair.Create((object)n.Name, n.Value)),
        ]);

    /// <summary>Nothing the first time, then what stands between.</summary>
    private static JinjaFunction Joiner(JinjaArguments a)
    {
        var used = false;
        return new JinjaFunction(
            "joiner",
            _ =>
            {
                var text = used ? a.Get(0, "sep", ", ") : "";
                used = true;
                return text;
            }
        );
    }

    private static JinjaNamespace Namespace(JinjaArguments a)
    {
        var names = new JinjaNamespace();
        foreach (var (name, value) in a.Named)
        {
            names.Values[name] = value;
        }

        if (a.Get(0, "") is JinjaDict dict)
        {
            foreach (var key in dict.KeysInOrder)
            {
                names.Values[JinjaValues.Text(key)] = dict[key];
            }
        }

        return names;
    }

    /// <summary>C's strftime, in English.</summary>
    private static string Time(string format, DateTimeOffset now)
    {
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                result.Append(format[i]);
                continue;
            }

            var plain = format[i + 1] == '-' && i + 2 < format.Length;
            i += plain ? 2 : 1;
            var text = Directive(format[i], now);
            result.Append(
                plain
                    ? text.TrimStart('0', ' ') is { Length: > 0 } trimmed
                        ? trimmed
                        : "0"
                    : text
            );
        }

        return result.ToString();
    }

    private static string Directive(char letter, DateTimeOffset now)
    {
        return letter switch
        {
            'd' => Of("dd"),
            'm' => Of("MM"),
            'Y' => Of("yyyy"),
            'y' => Of("yy"),
            'b' or 'h' => Of("MMM"),
            'B' => Of("MMMM"),
            'a' => Of("ddd"),
            'A' => Of("dddd"),
            'H' => Of("HH"),
            'I' => Of("hh"),
            'M' => Of("mm"),
            'S' => Of("ss"),
            'p' => Of("tt"),
            'F' => Of("yyyy-MM-dd"),
            'T' => Of("HH:mm:ss"),
            'D' => Of("MM/dd/yy"),
            'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'z' => Of("zzz").Replace(":", "", StringComparison.Ordinal),
            '%' => "%",
            _ => throw new JinjaException($"strftime_now() does not know %{letter}"),
        };

        string Of(string pattern) => now.ToString(pattern, CultureInfo.InvariantCulture);
    }
}
