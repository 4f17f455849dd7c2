using System.Collections.Immutable;
using System.Diagnostics.Contracts;
using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>What was given for an option, before its type is known: a scalar, a list or a mapping, each with its place.</summary>
public abstract record OptionNode
{
    private OptionNode(Place place) => Place = place;

    public Place Place { get; init; }

    /// <summary>One value as it was written.</summary>
    /// <param name="Text">Without quotes, escapes resolved.</param>
    /// <param name="Plain">Written without quotes, so that <c>null</c> means nothing rather than a word.</param>
    public sealed record Scalar(string Text, bool Plain, Place Place) : OptionNode(Place)
    {
        /// <summary>Nothing, <c>~</c> or <c>null</c>, unquoted.</summary>
        public bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
    }

    public sealed record Sequence(ImmutableArray<OptionNode> Items, Place Place) : OptionNode(Place);

    /// <summary>A key with its value.</summary>
    /// <param name="Place">The key's.</param>
    public sealed record Entry(string Key, OptionNode Value, Place Place);

    /// <summary>Keys with their values, in the order given; no key occurs twice.</summary>
    public sealed record Mapping(ImmutableArray<Entry> Entries, Place Place) : OptionNode(Place)
    {
        public static Mapping Empty(Place place) => new([], place);

        public Entry? Find(string key)
        {
            foreach (var entry in Entries)
            {
                if (entry.Key == key)
                {
                    return entry;
                }
            }

            return null;
        }

        /// <summary>
        /// A copy in which <paramref name="path"/> has another value. A path is keys joined by dots. In a list, a segment is an index from
        /// 0, or the name of a single-key mapping (the first of that name). The names in the list <c>stages</c> may also stand first:
        /// <c>ppo.kl_coefficient</c> is <c>stages.ppo.kl_coefficient</c>; <c>stages.3.ppo.kl_coefficient</c> reaches a second ppo stage.
        /// </summary>
        /// <param name="value">A YAML scalar, a flow list such as <c>[a, b]</c>, or a flow mapping such as <c>{a: 1}</c>.</param>
        /// <param name="origin">What errors name in place of a file: <c>--set</c>, or the option itself.</param>
        /// <exception cref="ConfigurationException">The value is not YAML, or the path leads nowhere.</exception>
        [Pure]
        public Mapping Set(string path, string value, string origin) => Set(path, YamlReader.ReadValue(value, origin));

        /// <inheritdoc cref="Set(string, string, string)"/>
        [Pure]
        public Mapping Set(string path, OptionNode value) => OptionPath.Set(this, path, value);

        /// <summary>As <see cref="Set(string, string, string)"/>, from the text <c>key=value</c>.</summary>
        [Pure]
        public Mapping Assign(string assignment, string origin)
        {
            var equals = assignment.IndexOf('=', StringComparison.Ordinal);
            return equals > 0
                ? Set(assignment[..equals].Trim(), assignment[(equals + 1)..], origin)
                : throw new ConfigurationException($"{origin}: '{assignment}' is not key=value, such as ppo.kl_coefficient=0.1.");
        }

        /// <summary>What stands at a path (see <see cref="Set(string, string, string)"/>); null where nothing does.</summary>
        public OptionNode? At(string path) => OptionPath.Find(this, path);
    }
}
