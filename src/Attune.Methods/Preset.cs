using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Attune.Core.Options;

namespace Attune.Methods;

/// <summary>Options of a method that has presets.</summary>
public interface IHasPresets
{
    static abstract ImmutableArray<Preset> Presets { get; }
}

/// <summary>
/// The numbers of a paper or of its authors' code under a name. Every number that the source states is listed, also where it is the
/// method's default today: a preset must not change when a default does.
/// </summary>
/// <param name="name">In a recipe, as the value of <c>preset</c>.</param>
/// <param name="source">Where the numbers stand.</param>
/// <param name="unlike">What a run with them does not reproduce, and why.</param>
public sealed class Preset(string name, string source, string unlike) : IEnumerable<KeyValuePair<string, object>>
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public string Name { get; } = name;
    public string Source { get; } = source;
    public string Unlike { get; } = unlike;

    /// <summary>The keys it states, as in a recipe.</summary>
    public IReadOnlyCollection<string> Keys => _values.Keys;

    /// <summary>The value of a recipe key of the method: a number, a truth value, a text or an enum.</summary>
    public object this[string key]
    {
        get => _values[key];
        set => _values.Add(key, value);
    }

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Sets the values in a record, groups marked <see cref="FlattenAttribute"/> included.</summary>
    internal void ApplyTo(object options)
    {
        foreach (var (key, value) in _values)
        {
            if (!TrySet(options, key, value))
            {
                throw new ArgumentException($"preset {Name}: {options.GetType().Name} has no key {key}.", nameof(options));
            }
        }
    }

    private static bool TrySet(object options, string key, object value)
    {
        foreach (var property in options.GetType().GetProperties().Where(p => p.CanWrite))
        {
            if (property.IsDefined(typeof(FlattenAttribute)))
            {
                if (TrySet(property.GetValue(options)!, key, value))
                {
                    return true;
                }
            }
            else if (JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name) == key)
            {
                property.SetValue(options, Converted(value, property.PropertyType));
                return true;
            }
        }

        return false;
    }

    private static object Converted(object value, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == value.GetType() ? value : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
    }
}
