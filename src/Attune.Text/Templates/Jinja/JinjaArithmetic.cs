using System.Text;

namespace Attune.Text.Templates.Jinja;

/// <summary>Python's operators on values.</summary>
internal static class JinjaArithmetic
{
    public static object? Apply(string symbol, object? left, object? right, JinjaBudget budget)
    {
        try
        {
            return (symbol, left, right) switch
            {
                ("~", _, _) => budget.Made(JinjaValues.Text(left) + JinjaValues.Text(right)),
                ("+", string a, string b) => budget.Made(a + b),
                ("+", JinjaList a, JinjaList b) when a.IsTuple == b.IsTuple => Joined(a, b, budget),
                ("*", string text, long count) => Repeated(text, count, budget),
                ("*", long count, string text) => Repeated(text, count, budget),
                ("*", JinjaList list, long count) => Repeated(list, count, budget),
                ("*", long count, JinjaList list) => Repeated(list, count, budget),
                ("%", string format, _) => budget.Made(JinjaFormat.Percent(format, right)),
                _ => Whole(left) is { } x && Whole(right) is { } y && OfWhole(symbol, x, y) is { } whole ? whole
                : JinjaValues.AsNumber(left) is { } p && JinjaValues.AsNumber(right) is { } q ? OfNumbers(symbol, p, q)
                : throw Undefined(left)
                    ?? Undefined(right)
                    ?? new JinjaException($"{symbol} cannot join {JinjaValues.TypeOf(left)} and {JinjaValues.TypeOf(right)}"),
            };
        }
        catch (OverflowException)
        {
            throw new JinjaException($"{symbol} gives a number that is too large");
        }
    }

    private static JinjaException? Undefined(object? value) =>
        value is JinjaUndefined undefined ? new JinjaException($"'{undefined.Name}' is not defined") : null;

    private static long? Whole(object? value) =>
        value switch
        {
            long number => number,
            bool flag => flag ? 1 : 0,
            _ => null,
        };

    private static JinjaList Joined(JinjaList a, JinjaList b, JinjaBudget budget)
    {
        budget.Make(a.Items.Length + b.Items.Length);
        return new JinjaList(a.Items.AddRange(b.Items), a.IsTuple);
    }

    private static string Repeated(string text, long count, JinjaBudget budget)
    {
        if (count <= 0 || text.Length == 0)
        {
            return "";
        }
        // Counted before it is made, without running over.
        budget.Make(count > int.MaxValue ? long.MaxValue : text.Length * count);
        return new StringBuilder().Insert(0, text, (int)count).ToString();
    }

    private static JinjaList Repeated(JinjaList list, long count, JinjaBudget budget)
    {
        budget.Make(count > int.MaxValue ? long.MaxValue : list.Items.Length * Math.Max(0, count));
        return new JinjaList(
            [.. Enumerable.Repeat(list.Items, list.Items.IsEmpty ? 0 : (int)Math.Max(0, count)).SelectMany(i => i)],
            list.IsTuple
        );
    }

    private static object? OfWhole(string symbol, long x, long y) =>
        checked(
            symbol switch
            {
                "+" => x + y,
                "-" => x - y,
                "*" => x * y,
                "//" => y == 0 ? throw new JinjaException("a division by zero") : x / y - (x % y != 0 && x < 0 != y < 0 ? 1 : 0),
                "%" => y == 0 ? throw new JinjaException("a division by zero")
                : y == -1 ? 0
                : ((x % y) + y) % y,
                "**" when y >= 0 => PowerOf(x, y),
                _ => null as object,
            }
        );

    private static long PowerOf(long x, long y)
    {
        var result = 1L;
        // At most 64 rounds: larger powers of anything but -1, 0 and 1 run over before.
        for (var i = 0L; i < (x is -1 or 0 or 1 ? Math.Min(y, 2 + y % 2) : y); i++)
        {
            result = checked(result * x);
        }

        return result;
    }

    private static double OfNumbers(string symbol, double x, double y) =>
        symbol switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" or "//" or "%" when y == 0 => throw new JinjaException("a division by zero"),
            "/" => x / y,
            "//" => Math.Floor(x / y),
            "%" => x - y * Math.Floor(x / y),
            "**" => Math.Pow(x, y),
            _ => throw new JinjaException($"{symbol} is not for numbers"),
        };
}
