using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Attune.Text.Templates.Jinja;

// A value is null (none), bool, long, double, string, or one of these. Nothing else of .NET can be reached from a template.

/// <summary>What a name that stands for nothing gives: empty as text, false, without items; anything else is an error.</summary>
internal sealed record JinjaUndefined(string Name);

internal sealed record JinjaList(ImmutableArray<object?> Items, bool IsTuple = false)
{
    /// <summary>Of a tuple whose items are its attributes too; else empty.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>How a range is printed; null for a list.</summary>
    public string? Range { get; init; }
}

/// <summary>Keys in the order they were put in.</summary>
internal sealed class JinjaDict
{
    private readonly Dictionary<object, object?> _values = new(JinjaValues.Keys);
    private readonly List<object> _order = [];

    public JinjaDict(IEnumerable<KeyValuePair<object, object?>> items)
    {
        foreach (var (key, value) in items)
        {
            if (!_values.ContainsKey(key))
            {
                _order.Add(key);
            }
            _values[key] = value;
        }
    }

    public static JinjaDict Of(params IEnumerable<(string Name, object? Value)> items) => Of(null, items);

    public static JinjaDict Of(JinjaFunction? call, params IEnumerable<(string Name, object? Value)> items) =>
        new(items.Select(i => KeyValuePair.Create((object)i.Name, i.Value))) { Call = call };

    /// <summary>What calling it does, as a loop that goes through other items can be called; null where it cannot be called.</summary>
    public JinjaFunction? Call { get; init; }

    public int Count => _order.Count;
    public IReadOnlyList<object> KeysInOrder => _order;
    public object? this[object key] => _values[key];

    public bool TryGet(object? key, out object? value)
    {
        value = null;
        return key is not null && _values.TryGetValue(key, out value);
    }
}

/// <summary><c>namespace()</c>: the one thing a template may change.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>What Jinja has by a name and is not known here: any use of it is refused.</summary>
internal sealed record JinjaUnknown(string Name);

internal sealed record JinjaFunction(string Name, Func<JinjaArguments, object?> Body);

/// <summary>What Python does with values: truth, text, equality, order.</summary>
internal static class JinjaValues
{
    public static IEqualityComparer<object> Keys { get; } = new KeyComparer();

    public static bool Truth(object? value) =>
        value switch
        {
            null or JinjaUndefined => false,
            bool flag => flag,
            long number => number != 0,
            double number => number != 0,
            string text => text.Length > 0,
            JinjaList list => list.Items.Length > 0,
            JinjaDict dict => dict.Count > 0,
            _ => true,
        };

    public static string TypeOf(object? value) =>
        value switch
        {
            null => "none",
            JinjaUndefined => "undefined",
            bool => "a boolean",
            long or double => "a number",
            string => "a text",
            JinjaList list => list.IsTuple ? "a tuple" : "a list",
            JinjaDict => "a dict",
            JinjaNamespace => "a namespace",
            _ => "a function",
        };

    /// <summary>As printing does it.</summary>
    public static string Text(object? value) =>
        value switch
        {
            string text => text,
            JinjaUndefined => "",
            _ => Shown(value, 0),
        };

    /// <summary>As Python's repr does it.</summary>
    public static string Shown(object? value, int depth)
    {
        JinjaBudget.Tick();
        if (depth > 50)
        {
            throw new JinjaException("a value is nested too deep to be shown");
        }
        return value switch
        {
            null => "None",
            bool flag => flag ? "True" : "False",
            long number => number.ToString(CultureInfo.InvariantCulture),
            double number => Number(number),
            string text => Quoted(text),
            JinjaUndefined => "Undefined",
            JinjaList { Range: { } range } => range,
            JinjaList { IsTuple: true, Items: [var one] } => $"({Shown(one, depth + 1)},)",
            JinjaList list => (list.IsTuple ? "(" : "[")
                + string.Join(", ", list.Items.Select(i => Shown(i, depth + 1)))
                + (list.IsTuple ? ")" : "]"),
            JinjaDict dict => "{"
                + string.Join(", ", dict.KeysInOrder.Select(k => $"{Shown(k, depth + 1)}: {Shown(dict[k], depth + 1)}"))
                + "}",
            JinjaFunction function => $"<function {function.Name}>",
            JinjaNamespace names => "<Namespace {"
                + string.Join(", ", names.Values.Select(v => $"{Quoted(v.Key)}: {Shown(v.Value, depth + 1)}"))
                + "}>",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Python's shortest form of a float: <c>1.0</c>, <c>0.1</c>, <c>1e+16</c>.</summary>
    public static string Number(double number)
    {
        if (double.IsNaN(number) || double.IsInfinity(number))
        {
            return double.IsNaN(number) ? "nan"
                : number > 0 ? "inf"
                : "-inf";
        }
        if (number == Math.Floor(number) && Math.Abs(number) < 1e16)
        {
            return number.ToString("0.0", CultureInfo.InvariantCulture);
        }
        var text = number.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return Math.Abs(number) < 1e16 || text.Contains('e', StringComparison.Ordinal)
            ? text
            : number.ToString("0.################e+00", CultureInfo.InvariantCulture);
    }

    public static new bool Equals(object? left, object? right)
    {
        JinjaBudget.Tick();
        return ReferenceEquals(left, right) || AreEqual(left, right);
    }

    private static bool AreEqual(object? left, object? right) =>
        (left, right) switch
        {
            (null, null) => true,
            (null, _) or (_, null) => false,
            (string a, string b) => a == b,
            (JinjaUndefined, JinjaUndefined) => true,
            (JinjaList a, JinjaList b) => a.IsTuple == b.IsTuple
                && a.Items.Length == b.Items.Length
                && a.Items.Zip(b.Items).All(p => Equals(p.First, p.Second)),
            (JinjaDict a, JinjaDict b) => a.Count == b.Count && a.KeysInOrder.All(k => b.TryGet(k, out var other) && Equals(a[k], other)),
            _ => AsNumber(left) is { } x && AsNumber(right) is { } y ? x == y : ReferenceEquals(left, right),
        };

    /// <summary>Below 0, 0 or above; only numbers, texts and lists have an order.</summary>
    public static int Compare(object? left, object? right)
    {
        JinjaBudget.Tick();
        if (left is string a && right is string b)
        {
            return CompareCodePoints(a, b);
        }
        if (left is JinjaList x && right is JinjaList y)
        {
            var difference = x
                .Items.Zip(y.Items)
                .Select(p => Equals(p.First, p.Second) ? 0 : Compare(p.First, p.Second))
                .FirstOrDefault(c => c != 0);
            return difference != 0 ? difference : x.Items.Length.CompareTo(y.Items.Length);
        }

        if (AsNumber(left) is { } first && AsNumber(right) is { } second)
        {
            return first.CompareTo(second);
        }
        throw new JinjaException($"{TypeOf(left)} and {TypeOf(right)} have no order");
    }

    public static double? AsNumber(object? value) =>
        value switch
        {
            bool flag => flag ? 1 : 0,
            long number => number,
            double number => number,
            _ => null,
        };

    /// <summary>The items of what can be looped over: lists, the keys of dicts, the characters of texts.</summary>
    public static ImmutableArray<object?> Items(object? value) =>
        value switch
        {
            JinjaList list => list.Items,
            JinjaDict dict => [.. dict.KeysInOrder],
            string text => [.. text.EnumerateRunes().Select(r => (object?)r.ToString())],
            JinjaUndefined => [],
            _ => throw new JinjaException($"{TypeOf(value)} cannot be looped over"),
        };

    private static int CompareCodePoints(string a, string b) =>
        Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));

    private static string Quoted(string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == quote || rune.Value == '\\')
            {
                result.Append('\\').Append(rune);
            }
            else if (rune.Value is '\n' or '\r' or '\t')
            {
                result.Append(
                    rune.Value switch
                    {
                        '\n' => "\\n",
                        '\r' => "\\r",
                        _ => "\\t",
                    }
                );
            }
            else if (rune.Value is < 0x20 or 0x7f)
            {
                result.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            }
            else
            {
                result.Append(rune);
            }
        }

        return result.Append(quote).ToString();
    }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        bool IEqualityComparer<object>.Equals(object? x, object? y) => JinjaValues.Equals(x, y);

        public int GetHashCode(object value) =>
            value switch
            {
                string text => string.GetHashCode(text, StringComparison.Ordinal),
                JinjaList list => list.Items.Length,
                _ => AsNumber(value)?.GetHashCode() ?? 0,
            };
    }
}
