using System.Globalization;
using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>
/// Walks a dotted path through a tree of options. The rules stand at <see cref="OptionNode.Mapping.Set(string, string, string)"/>.
/// </summary>
internal static class OptionPath
{
    /// <summary>The list whose names may lead a path.</summary>
    public const string Stages = "stages";

    /// <summary>No recipe goes deeper; a path that does would only fill the stack.</summary>
    private const int MostSegments = 32;

    public static OptionNode.Mapping Set(OptionNode.Mapping root, string path, OptionNode value)
    {
        var segments = path.Split('.');
        if (segments.Length > MostSegments || segments.Any(string.IsNullOrWhiteSpace))
        {
            throw new ConfigurationException(
                $"{value.Place}: {ScalarText.Shown(path)} is not a path of keys; expected keys joined by dots, such as ppo.kl_coefficient."
            );
        }

        return LeadsToStage(root, segments[0]) ? SetIn(root, [Stages, .. segments], 0, value) : SetIn(root, segments, 0, value);
    }

    public static OptionNode? Find(OptionNode.Mapping root, string path)
    {
        var segments = path.Split('.');
        OptionNode? node = root;
        foreach (var segment in LeadsToStage(root, segments[0]) ? [Stages, .. segments] : segments)
        {
            node = node switch
            {
                OptionNode.Mapping mapping => mapping.Find(segment)?.Value,
                OptionNode.Sequence list when IndexOf(list, segment) is var i && i >= 0 => Inside(list.Items[i], segment),
                _ => null,
            };
        }

        return node;
    }

    private static bool LeadsToStage(OptionNode.Mapping root, string name) =>
        root.Find(name) is null && root.Find(Stages)?.Value is OptionNode.Sequence stages && stages.Items.Any(item => NameOf(item) == name);

    private static OptionNode.Mapping SetIn(OptionNode.Mapping mapping, string[] segments, int at, OptionNode value)
    {
        var entry = mapping.Find(segments[at]);
        var child = at == segments.Length - 1 ? value : SetBelow(entry?.Value, segments, at + 1, value);
        return entry is null
            ? mapping with
            {
                Entries = mapping.Entries.Add(new(segments[at], child, value.Place)),
            }
            : mapping with
            {
                Entries = mapping.Entries.Replace(
                    entry,
                    entry with
                    {
                        Value = child,
                        Place = at == segments.Length - 1 ? value.Place : entry.Place,
                    }
                ),
            };
    }

    private static OptionNode SetBelow(OptionNode? node, string[] segments, int at, OptionNode value) =>
        node switch
        {
            null or OptionNode.Scalar { IsNull: true } => SetIn(OptionNode.Mapping.Empty(value.Place), segments, at, value),
            OptionNode.Mapping mapping => SetIn(mapping, segments, at, value),
            OptionNode.Sequence list => SetInList(list, segments, at, value),
            _ => throw new ConfigurationException(
                $"{value.Place}: {string.Join('.', segments)} cannot be set, because {string.Join('.', segments[..at])} is a "
                    + $"single value ({node.Place})."
            ),
        };

    private static OptionNode.Sequence SetInList(OptionNode.Sequence list, string[] segments, int at, OptionNode value)
    {
        var index = IndexOf(list, segments[at]);
        if (index < 0)
        {
            var names = list.Items.Select(NameOf).OfType<string>().Distinct().ToArray();
            var held =
                names.Length > 0
                    ? $"holds {string.Join(", ", names)}"
                    : string.Create(CultureInfo.InvariantCulture, $"has {list.Items.Length} entries, counted from 0");
            throw new ConfigurationException(
                $"{value.Place}: {string.Join('.', segments[..(at + 1)])} is not there; {string.Join('.', segments[..at])} "
                    + $"{held}.{Suggestion.For(segments[at], names)}"
            );
        }

        var item = list.Items[index];
        var name = NameOf(item);
        if (item is OptionNode.Scalar && name is not null)
        {
            // A bare name stands for a mapping of that name to nothing.
            item = new OptionNode.Mapping([new(name, OptionNode.Mapping.Empty(item.Place), item.Place)], item.Place);
        }

        // A name is itself the key to look for in the item; an index is used up.
        var next = name == segments[at] ? at : at + 1;
        return list with { Items = list.Items.SetItem(index, next == segments.Length ? value : SetBelow(item, segments, next, value)) };
    }

    private static int IndexOf(OptionNode.Sequence list, string segment)
    {
        for (var i = 0; i < list.Items.Length; i++)
        {
            if (NameOf(list.Items[i]) == segment)
            {
                return i;
            }
        }

        return int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Items.Length
            ? index
            : -1;
    }

    private static string? NameOf(OptionNode item) =>
        item switch
        {
            OptionNode.Mapping { Entries: [var only] } => only.Key,
            OptionNode.Scalar { IsNull: false } bare => bare.Text,
            _ => null,
        };

    private static OptionNode Inside(OptionNode item, string segment) =>
        item is OptionNode.Mapping { Entries: [var only] } && only.Key == segment ? only.Value : item;
}
