using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>What lies in values: items, attributes, slices.</summary>
internal static class JinjaMembers
{
    /// <summary><c>value.name</c>: a method first, then an item.</summary>
    public static object? Attribute(object? value, string name, JinjaBudget budget) =>
        value switch
        {
            JinjaUndefined undefined => throw new JinjaException($"'{undefined.Name}' is not defined, so it has no '{name}'"),
            string text => JinjaTextMethods.Find(text, name, budget) ?? (object)new JinjaUndefined(name),
            JinjaDict dict => DictMethod(dict, name) ?? (dict.TryGet(name, out var item) ? item : new JinjaUndefined(name)),
            JinjaNamespace names => names.Values.TryGetValue(name, out var item) ? item : new JinjaUndefined(name),
            JinjaList { Names: var names } list when names.IndexOf(name) is >= 0 and var at => list.Items[at],
            JinjaList list => ListMethod(list, name) ?? (object)new JinjaUndefined(name),
            JinjaFunction function => name == "name"
                ? function.Name
                : throw new JinjaException($"'{name}' of the function {function.Name} is not known here"),
            _ => new JinjaUndefined(name),
        };

    /// <summary><c>value[key]</c>: an item first, then a method.</summary>
    public static object? Item(object? value, object? key, JinjaBudget budget)
    {
        if (value is JinjaUndefined undefined)
        {
            throw new JinjaException($"'{undefined.Name}' is not defined, so it has no items");
        }
        if (value is JinjaDict dict && dict.TryGet(key, out var item))
        {
            return item;
        }
        if (key is string name)
        {
            return Attribute(value, name, budget);
        }
        if (key is long or bool && value is string or JinjaList)
        {
            var items = JinjaValues.Items(value);
            budget.Step(value is string ? items.Length / 16 : 0);
            var index =
                key is long number ? number
                : (bool)key! ? 1
                : 0;
            index += index < 0 ? items.Length : 0;
            return index >= 0 && index < items.Length ? items[(int)index] : new JinjaUndefined($"item {JinjaValues.Text(key)}");
        }

        return new JinjaUndefined("item " + JinjaValues.Shown(key, 0));
    }

    public static bool Contains(object? value, object? wanted, JinjaBudget budget)
    {
        switch (value)
        {
            case string text:
                budget.Step(text.Length / 64);
                return wanted is string part
                    ? text.Contains(part, StringComparison.Ordinal)
                    : throw new JinjaException($"{JinjaValues.TypeOf(wanted)} cannot be in a text");
            case JinjaDict dict:
                return dict.TryGet(wanted, out _);
            case JinjaList list:
                budget.Step(list.Items.Length);
                return list.Items.Any(i => JinjaValues.Equals(i, wanted));
            case JinjaUndefined:
                return false;
            default:
                throw new JinjaException($"nothing is in {JinjaValues.TypeOf(value)}");
        }
    }

    /// <summary>Python's slice of a text or list.</summary>
    public static object? Sliced(object? value, long? start, long? stop, long step, JinjaBudget budget)
    {
        if (step == 0)
        {
            throw new JinjaException("a slice's step is 0");
        }
        if (value is not (string or JinjaList))
        {
            throw new JinjaException($"{JinjaValues.TypeOf(value)} cannot be sliced");
        }
        var taken = Slice(JinjaValues.Items(value), start, stop, step);
        budget.Make(taken.Length);
        if (value is JinjaList list)
        {
            return new JinjaList(taken, list.IsTuple);
        }
        return string.Concat(taken.Select(c => (string)c!));
    }

    private static ImmutableArray<object?> Slice(ImmutableArray<object?> items, long? start, long? stop, long step)
    {
        long count = items.Length;
        long Clamp(long? bound, long otherwise, long low, long high) =>
            bound is not { } given ? otherwise : Math.Clamp(given < 0 ? given + count : given, low, high);
        var (first, end) =
            step > 0
                ? (Clamp(start, 0, 0, count), Clamp(stop, count, 0, count))
                : (Clamp(start, count - 1, -1, count - 1), Clamp(stop, -1, -1, count - 1));
        var taken = ImmutableArray.CreateBuilder<object?>();
        for (var i = first; step > 0 ? i < end : i > end; i += step)
        {
            taken.Add(items[(int)i]);
            if (Math.Abs(step) > count)
            {
                break;
            }
        }

        return taken.ToImmutable();
    }

    private static JinjaFunction? DictMethod(JinjaDict dict, string name) =>
        name switch
        {
            "items" => new JinjaFunction(
                name,
                _ => new JinjaList([.. dict.KeysInOrder.Select(k => (object?)new JinjaList([k, dict[k]], IsTuple: true))])
            ),
            "keys" => new JinjaFunction(name, _ => new JinjaList([.. dict.KeysInOrder])),
            "values" => new JinjaFunction(name, _ => new JinjaList([.. dict.KeysInOrder.Select(k => dict[k])])),
            "get" => new JinjaFunction(name, a => dict.TryGet(a.Required(0, "key"), out var value) ? value : a.Get(1, "default")),
            "copy" => new JinjaFunction(name, _ => dict),
            "update" or "pop" or "clear" or "setdefault" or "popitem" when !dict.TryGet(name, out _) => Refused("dict", name),
            _ => null,
        };

    private static JinjaFunction? ListMethod(JinjaList list, string name) =>
        name switch
        {
            "index" => new JinjaFunction(
                name,
                a =>
                    list.Items.Select((item, i) => (item, i))
                        .Where(p => JinjaValues.Equals(p.item, a.Required(0, "value")))
                        .Select(p => (object?)(long)p.i)
                        .FirstOrDefault()
                    ?? throw new JinjaException("the value is not in the list")
            ),
            "copy" => new JinjaFunction(name, _ => list),
            "count" => new JinjaFunction(name, a => (long)list.Items.Count(i => JinjaValues.Equals(i, a.Required(0, "value")))),
            "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse" => Refused("list", name),
            _ => null,
        };

    private static JinjaFunction Refused(string what, string name) =>
        new(
            name,
            _ => throw new JinjaException($"{what}.{name}() changes a value, which templates may not; add lists with + or use a namespace")
        );
}
