using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Attune.Core;
using Attune.Core.Options;

namespace Attune.Recipes.Binding;

/// <summary>The values of keys.</summary>
internal sealed partial class BindingPass
{
    private static readonly MethodInfo ToImmutableMethod = typeof(BindingPass).GetMethod(
        nameof(ToImmutable),
        BindingFlags.NonPublic | BindingFlags.Static
    )!;

    /// <summary>Stands for a value whose problems have been told already.</summary>
    private static readonly object Told = new();

    private bool TryRead(OptionProperty option, OptionNode.Entry entry, string path, object? current, out object? value)
    {
        if (entry.Value is OptionNode.Scalar { IsNull: true } && option.AllowsNull)
        {
            value = null;
            return true;
        }

        value = Read(option.Shape, option.Range, entry.Value, entry.Place, path, current);
        if (ReferenceEquals(value, Told))
        {
            return false;
        }

        CheckRange(option, value, Subject(entry.Place, path), entry.Place);
        return true;
    }

    /// <returns>The value, or <see cref="Told"/>.</returns>
    private object Read(OptionShape shape, NumberRange? range, OptionNode node, Place place, string path, object? current) =>
        (shape, node) switch
        {
            (OptionShape.Nested nested, OptionNode.Mapping mapping) => Fill(nested.Schema, mapping, path, place, current),
            (OptionShape.Nested nested, OptionNode.Scalar { IsNull: true }) => Fill(
                nested.Schema,
                OptionNode.Mapping.Empty(place),
                path,
                place,
                current
            ),
            (OptionShape.List list, OptionNode.Sequence sequence) => ReadList(list, sequence, path),
            // One word stands for the list of it.
            (OptionShape.List { Item: OptionShape.Word } list, OptionNode.Scalar { IsNull: false } scalar) => ReadList(
                list,
                new OptionNode.Sequence([scalar], scalar.Place),
                path
            ),
            (OptionShape.NumberMap, OptionNode.Mapping mapping) => ReadNumberMap(mapping, path),
            (OptionShape.Keyed keyed, OptionNode.Mapping mapping) => ReadKeyed(keyed, mapping, path),
            (OptionShape.Variant variant, _) => ReadVariant(variant, node, path, null),
            (_, OptionNode.Scalar { IsNull: false } scalar) => ReadScalar(shape, scalar.Text)
                ?? Wrong(place, path, node, Expected(shape, range, scalar.Text)),
            _ => Wrong(place, path, node, shape.Expected),
        };

    private static object? ReadScalar(OptionShape shape, string text) =>
        shape switch
        {
            OptionShape.Number number => ScalarText.ReadNumber(text, number.Type),
            OptionShape.Switch => text switch
            {
                "true" or "True" or "TRUE" => true,
                "false" or "False" or "FALSE" => false,
                _ => null,
            },
            OptionShape.Text => text,
            OptionShape.Word word => word.Read(text),
            _ => null,
        };

    // A whole number that is too large for its type is told the range; anything else is told what kind of value belongs here.
    private static string Expected(OptionShape shape, NumberRange? range, string text) =>
        shape is OptionShape.Number { IsWhole: true } number
        && ScalarText.ReadNumber(text, typeof(double)) is double real
        && Math.Floor(real) == real
            ? range?.ToString()
                ?? $"a whole number from {number.Type.GetField("MinValue")!.GetValue(null)} to "
                    + $"{number.Type.GetField("MaxValue")!.GetValue(null)}"
            : shape.Expected;

    private object ReadList(OptionShape.List list, OptionNode.Sequence sequence, string path)
    {
        var before = problems.Count;
        var items = Array.CreateInstance(list.ItemType, sequence.Items.Length);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < sequence.Items.Length; i++)
        {
            var item = sequence.Items[i];
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}.{i}");
            var read = list.Item is OptionShape.Variant variant
                ? ReadVariant(variant, item, at, NamedPath(item, path, names))
                : Read(list.Item, null, item, item.Place, at, null);
            if (!ReferenceEquals(read, Told))
            {
                items.SetValue(read, i);
            }
        }

        return problems.Count > before ? Told : ToImmutableMethod.MakeGenericMethod(list.ItemType).Invoke(null, [items])!;
    }

    private static ImmutableArray<T> ToImmutable<T>(T[] items) => [.. items];

    // The path by which an override reaches the same place; null where only the index does.
    private static string? NamedPath(OptionNode item, string path, HashSet<string> names)
    {
        var name = (item as OptionNode.Mapping)?.Entries is [var only] ? only.Key : (item as OptionNode.Scalar)?.Text;
        return name is null || !names.Add(name) ? null
            : path == OptionPath.Stages ? name
            : Join(path, name);
    }

    /// <param name="path">Of the value itself.</param>
    /// <param name="below">Of the keys of its case; null for the value's path and the case's name.</param>
    private object ReadVariant(OptionShape.Variant variant, OptionNode node, string path, string? below)
    {
        var (name, body, place) = node switch
        {
            OptionNode.Mapping { Entries: [var only] } => (only.Key, only.Value, only.Place),
            OptionNode.Scalar { IsNull: false } bare => (bare.Text, OptionNode.Mapping.Empty(bare.Place), bare.Place),
            _ => (null, node, node.Place),
        };
        if (name is null)
        {
            var found = node is OptionNode.Mapping mapping
                ? $"has the keys {string.Join(", ", mapping.Entries.Select(e => e.Key))}"
                : $"is {ScalarText.Shown(node)}";
            problems.Add(place, $"{path} {found}; expected {variant.Expected}, with its keys indented below it.");
            return Told;
        }

        if (variant.Cases.FirstOrDefault(c => c.Key == name) is not { } known)
        {
            problems.Add(place, $"{path} is {ScalarText.Shown(name)}; expected {variant.Expected}.{Suggestion.For(name, variant.Names)}");
            return Told;
        }

        return Read(new OptionShape.Nested(known.Record), null, body, place, below ?? Join(path, name), null);
    }

    private object ReadKeyed(OptionShape.Keyed keyed, OptionNode.Mapping mapping, string path)
    {
        var cases = keyed.Cases;
        // null is as good as absent: resolved recipes once listed the keys of all cases.
        var entries = mapping.Entries.RemoveAll(e => e.Value is OptionNode.Scalar { IsNull: true });
        OptionCase[] given = [.. cases.Where(c => entries.Any(e => e.Key == c.Key))];
        if (given is [var only])
        {
            return Fill(OptionSchema.Of(only.Record), mapping with { Entries = entries }, path, mapping.Place, null);
        }

        var found = given.Length > 0 ? string.Join(" and ", given.Select(c => c.Key)) : "none";
        var near = cases.Select(c => c.Key);
        var hint = entries.Select(e => Suggestion.For(e.Key, near)).FirstOrDefault(s => given.Length == 0 && s.Length > 0);
        problems.Add(mapping.Place, $"{path}: expected exactly one of {keyed.Names}; found {found}.{hint}");
        return Told;
    }

    private object ReadNumberMap(OptionNode.Mapping mapping, string path)
    {
        var before = problems.Count;
        var numbers = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (var entry in mapping.Entries)
        {
            if (entry.Value is OptionNode.Scalar scalar && ScalarText.ReadNumber(scalar.Text, typeof(double)) is double number)
            {
                numbers[entry.Key] = number;
            }
            else
            {
                Wrong(entry.Place, Join(path, entry.Key), entry.Value, "a number");
            }
        }

        return problems.Count > before ? Told : numbers.ToImmutable();
    }

    private object Wrong(Place place, string path, OptionNode found, string expected)
    {
        problems.Add(place, $"{Subject(place, path)} is {ScalarText.Shown(found)}; expected {expected}.");
        return Told;
    }
}
