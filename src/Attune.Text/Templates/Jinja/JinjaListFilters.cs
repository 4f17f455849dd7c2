using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>Filters of lists.</summary>
internal static class JinjaListFilters
{
    private static readonly HashSet<string> Known =
    [
        "join",
        "items",
        "dictsort",
        "first",
        "last",
        "list",
        "reverse",
        "min",
        "max",
        "sum",
        "sort",
        "unique",
        "batch",
        "slice",
        "map",
        "select",
        "reject",
        "selectattr",
        "rejectattr",
        "groupby",
    ];

    public static object? Apply(string name, object? value, JinjaArguments a, JinjaBudget budget)
    {
        if (!Known.Contains(name))
        {
            throw new JinjaException($"the filter '{name}' is not known");
        }
        return name switch
        {
            "join" => JinjaTextMethods.Joined(JinjaValues.Text(a.Get(0, "d", "")), value, budget, Part(a, 1, budget)),
            "items" => Items(value, budget),
            "dictsort" => SortedDict(value, a),
            "reverse" when value is string => string.Concat(JinjaValues.Items(value).Reverse().Select(JinjaValues.Text)),
            _ => ApplyToItems(name, value, a, budget),
        };
    }

    private static object? Items(object? value, JinjaBudget budget)
    {
        if (value is JinjaUndefined)
        {
            return new JinjaList([]);
        }
        var dict = value as JinjaDict ?? throw new JinjaException($"items of {JinjaValues.TypeOf(value)}");
        return ((JinjaFunction)JinjaMembers.Attribute(dict, "items", budget)!).Body(JinjaArguments.None);
    }

    /// <param name="a">case_sensitive, by ("key" or "value"), reverse.</param>
    private static JinjaList SortedDict(object? value, JinjaArguments a)
    {
        var dict = value as JinjaDict ?? throw new JinjaException($"dictsort of {JinjaValues.TypeOf(value)}");
        Func<object, object?> part = (a.Get(1, "by", "key") as string) switch
        {
            "key" => key => key,
            "value" => key => dict[key],
            _ => throw new JinjaException("dictsort sorts by \"key\" or \"value\""),
        };
        var comparer = Comparer<object?>.Create(JinjaValues.Truth(a.Get(0, "case_sensitive", false)) ? JinjaValues.Compare : Insensitive);
        var keys = JinjaValues.Truth(a.Get(2, "reverse", false))
            ? dict.KeysInOrder.OrderByDescending(part, comparer)
            : dict.KeysInOrder.OrderBy(part, comparer);
        return new JinjaList([.. keys.Select(k => (object?)new JinjaList([k, dict[k]], IsTuple: true))]);
    }

    private static object? ApplyToItems(string name, object? value, JinjaArguments a, JinjaBudget budget)
    {
        var items = JinjaValues.Items(value);
        budget.Step(items.Length);
        return name switch
        {
            "first" => items.IsEmpty ? new JinjaUndefined("the first of nothing") : items[0],
            "last" => items.IsEmpty ? new JinjaUndefined("the last of nothing") : items[^1],
            "list" => new JinjaList(items),
            "reverse" => new JinjaList([.. items.Reverse()]),
            "min" => items.IsEmpty ? new JinjaUndefined("the least of nothing") : items.MinBy(Part(a, 1, budget) ?? (i => i), Order(a, 0)),
            "max" => items.IsEmpty
                ? new JinjaUndefined("the greatest of nothing")
                : items.MaxBy(Part(a, 1, budget) ?? (i => i), Order(a, 0)),
            "sum" => items
                .Select(Part(a, 0, budget) ?? (i => i))
                .Aggregate(a.Get(1, "start", 0L), (sum, next) => JinjaArithmetic.Apply("+", sum, next, budget)),
            "sort" => Sorted(items, a, budget),
            "unique" => new JinjaList([
                .. Unique(items, Part(a, 1, budget) ?? (i => i), JinjaValues.Truth(a.Get(0, "case_sensitive", false)), budget),
            ]),
            "batch" => Batches(items, a),
            "slice" => Slices(items, a, budget),
            "map" => new JinjaList([.. items.Select(Mapping(a, budget))]),
            "select" => Chosen(items, a, i => i, 0, wanted: true, budget),
            "reject" => Chosen(items, a, i => i, 0, wanted: false, budget),
            "selectattr" => Chosen(items, a, Path(JinjaValues.Text(a.Required(0, "attribute")), budget), 1, wanted: true, budget),
            "rejectattr" => Chosen(items, a, Path(JinjaValues.Text(a.Required(0, "attribute")), budget), 1, wanted: false, budget),
            _ => Groups(items, a, budget),
        };
    }

    private static Func<object?, object?>? Part(JinjaArguments a, int place, JinjaBudget budget) =>
        a.Get(place, "attribute") is { } attribute ? Path(JinjaValues.Text(attribute), budget) : null;

    /// <summary>An attribute's path: <c>function.name</c>.</summary>
    private static Func<object?, object?> Path(string path, JinjaBudget budget) =>
        value =>
            path.Split('.')
                .Aggregate(
                    value,
                    (current, name) =>
                        long.TryParse(name, out var index)
                            ? JinjaMembers.Item(current, index, budget)
                            : JinjaMembers.Item(current, name, budget)
                );

    private static Func<object?, object?> Mapping(JinjaArguments a, JinjaBudget budget)
    {
        if (a.Get(-1, "attribute") is { } attribute)
        {
            var path = Path(JinjaValues.Text(attribute), budget);
            return value => path(value) is var found && found is JinjaUndefined ? a.Get(-1, "default", found) : found;
        }

        var name = JinjaValues.Text(a.Required(0, "filter"));
        return value => JinjaFilters.Apply(name, value, a.Skip(1), budget);
    }

    private static JinjaList Chosen(
        ImmutableArray<object?> items,
        JinjaArguments a,
        Func<object?, object?> part,
        int testAt,
        bool wanted,
        JinjaBudget budget
    ) =>
        new([
            .. items.Where(item =>
            {
                budget.Step();
                var value = part(item);
                return wanted
                    == (
                        a.Positional.Length <= testAt
                            ? JinjaValues.Truth(value)
                            : JinjaTests.Holds(JinjaValues.Text(a.Positional[testAt]), value, a.Skip(testAt + 1))
                    );
            }),
        ]);

    private static JinjaList Sorted(ImmutableArray<object?> items, JinjaArguments a, JinjaBudget budget)
    {
        budget.Step(items.Length * 8L);
        var comparer = Order(a, 1);
        var paths = a.Get(2, "attribute") is { } attribute
            ? JinjaValues.Text(attribute).Split(',').Select(p => Path(p, budget)).ToArray()
            : [i => i];
        // Of several attributes the first that differ decide, one by one.
        object? part(object? item) =>
            paths.Length == 1
                ? paths[0](item)
                : new JinjaList([.. paths.Select(p => p(item) is string text && comparer == Caseless ? JinjaCase.Lower(text) : p(item))]);
        return new JinjaList([
            .. JinjaValues.Truth(a.Get(0, "reverse", false)) ? items.OrderByDescending(part, comparer) : items.OrderBy(part, comparer),
        ]);
    }

    private static readonly Comparer<object?> Caseless = Comparer<object?>.Create(Insensitive),
        Exact = Comparer<object?>.Create(JinjaValues.Compare);

    /// <param name="place">Of the argument that says whether capitals differ.</param>
    private static Comparer<object?> Order(JinjaArguments a, int place) =>
        JinjaValues.Truth(a.Get(place, "case_sensitive", false)) ? Exact : Caseless;

    private static IEnumerable<object?> Filling(object fill, int count) => Enumerable.Repeat<object?>(fill, Math.Max(0, count));

    private static JinjaList Slices(ImmutableArray<object?> items, JinjaArguments a, JinjaBudget budget)
    {
        if (a.Required(0, "slices") is not (long and > 0 and <= 100_000 and var count))
        {
            throw new JinjaException("slice takes a positive whole number");
        }
        budget.Make(count);
        var (least, more) = (items.Length / (int)count, items.Length % (int)count);
        var (slices, at) = (ImmutableArray.CreateBuilder<object?>(), 0);
        for (var i = 0; i < count; i++)
        {
            var length = least + (i < more ? 1 : 0);
            object?[] fill = a.Get(1, "fill_with") is { } with && i >= more && more > 0 ? [with] : [];
            slices.Add(new JinjaList([.. items.Skip(at).Take(length), .. fill]));
            at += length;
        }

        return new JinjaList(slices.ToImmutable());
    }

    private static int Insensitive(object? x, object? y) =>
        x is string a && y is string b ? JinjaValues.Compare(JinjaCase.Lower(a), JinjaCase.Lower(b)) : JinjaValues.Compare(x, y);

    private static IEnumerable<object?> Unique(ImmutableArray<object?> items, Func<object?, object?> part, bool exact, JinjaBudget budget)
    {
        var seen = new List<object?>();
        foreach (var item in items)
        {
            var key = part(item) is string text && !exact ? JinjaCase.Lower(text) : part(item);
            budget.Step(seen.Count);
            if (seen.Exists(s => JinjaValues.Equals(s, key)))
            {
                continue;
            }
            seen.Add(key);
            yield return item;
        }
    }

    private static JinjaList Batches(ImmutableArray<object?> items, JinjaArguments a) =>
        a.Required(0, "linecount") is long and > 0 and <= int.MaxValue and var size
            ? new JinjaList([
                .. items
                    .Chunk((int)size)
                    .Select(c =>
                        (object?)new JinjaList([.. c, .. a.Get(1, "fill_with") is { } fill ? Filling(fill, (int)size - c.Length) : []])
                    ),
            ])
            : throw new JinjaException("batch takes a positive whole number");

    /// <summary>Pairs of a key and its items, in the order of the keys.</summary>
    private static JinjaList Groups(ImmutableArray<object?> items, JinjaArguments a, JinjaBudget budget)
    {
        var (path, order) = (Path(JinjaValues.Text(a.Required(0, "attribute")), budget), Order(a, 2));
        var groups = new List<(object? Key, List<object?> Items)>();
        foreach (
            var (key, item) in items
                .Select(i => (Key: path(i) is var found && found is JinjaUndefined ? a.Get(1, "default", found) : found, i))
                .OrderBy(p => p.Key, order)
        )
        {
            budget.Step();
            if (groups.Count == 0 || order.Compare(groups[^1].Key, key) != 0)
            {
                groups.Add((key, []));
            }
            groups[^1].Items.Add(item);
        }

        return new JinjaList([
            .. groups.Select(g =>
                (object?)new JinjaList([g.Key, new JinjaList([.. g.Items])], IsTuple: true) { Names = ["grouper", "list"] }
            ),
        ]);
    }
}
