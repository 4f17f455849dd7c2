using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using Attune.Core.Options;

namespace Attune.Recipes.Binding;

/// <summary>
/// What an options record can hold, read from the record itself: every public init property is a key; get-only properties are none.
/// The one description behind recipes, the command line and the resolved recipe of a run.
/// </summary>
/// <remarks>
/// A record's own keys come first, in the order they are written, then its base's. Defaults are what the parameterless
/// constructor leaves. <see cref="DescriptionAttribute"/> is the help, <see cref="RangeAttribute"/> the allowed numbers,
/// <c>required</c> says that a key must be given, <see cref="FlattenAttribute"/> puts another record's keys on the same level.
/// </remarks>
public sealed class OptionSchema
{
    private static readonly ConcurrentDictionary<Type, OptionSchema> Known = new();

    private OptionSchema(Type record)
    {
        Record = record;
        Members = [.. Properties(record).Select(Member.Of)];
        Options = [.. Members.SelectMany(m => m.Option is { } option ? [option] : m.Flattened!.Options)];
        if (Options.GroupBy(o => o.Key).FirstOrDefault(g => g.Count() > 1) is { } doubled)
        {
            throw new ArgumentException(
                $"{record.Name} has two properties for the key {doubled.Key}: "
                    + $"{string.Join(" and ", doubled.Select(o => $"{o.Property.DeclaringType!.Name}.{o.Property.Name}"))}.",
                nameof(record)
            );
        }
    }

    public Type Record { get; }

    /// <summary>All keys of the level, flattened records' keys in their place.</summary>
    public ImmutableArray<OptionProperty> Options { get; }

    internal ImmutableArray<Member> Members { get; }

    internal OptionProperty? Preset =>
        Members.FirstOrDefault(m => m.Property is { Name: "Preset" } p && p.PropertyType == typeof(string)).Option;

    /// <exception cref="ArgumentException">The type is no options record: abstract, without a parameterless constructor, or with a property
    /// that options cannot hold.</exception>
    public static OptionSchema Of(Type record) =>
        Known.GetOrAdd(
            record,
            static r =>
                IsOptionsRecord(r)
                    ? new OptionSchema(r)
                    : throw new ArgumentException(
                        $"{r.Name} is not an options record: it needs to be concrete, with a public constructor without parameters.",
                        nameof(record)
                    )
        );

    /// <summary>The options as a command line takes them, nested records' options led by the record's name: <c>--lora-rank</c>.</summary>
    /// <exception cref="ArgumentException">Two keys make the same option.</exception>
    public ImmutableArray<CommandLineOption> ForCommandLine()
    {
        ImmutableArray<CommandLineOption> options = [.. CommandLineOption.Of(this, New(), "", "--")];
        return options.GroupBy(o => o.Name).FirstOrDefault(g => g.Count() > 1) is not { } doubled
            ? options
            : throw new ArgumentException(
                $"{Record.Name} has two keys for the option {doubled.Key}: {string.Join(" and ", doubled.Select(o => o.Key))}."
            );
    }

    internal static bool IsOptionsRecord(Type type) =>
        type is { IsClass: true, IsAbstract: false } && CloneMethod(type) is not null && type.GetConstructor(Type.EmptyTypes) is not null;

    /// <summary>A record as its constructor leaves it; required properties are still unset.</summary>
    internal object New() => Activator.CreateInstance(Record)!;

    /// <summary>A copy that may be changed.</summary>
    internal static object Copy(object record) => CloneMethod(record.GetType())!.Invoke(record, null)!;

    // What `with` calls.
    private static MethodInfo? CloneMethod(Type type) => type.GetMethod("<Clone>$", BindingFlags.Public | BindingFlags.Instance);

    private static IEnumerable<PropertyInfo> Properties(Type record)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var type = record; type is not null && type != typeof(object); type = type.BaseType)
        {
            var declared = type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
            foreach (var property in declared.OrderBy(p => p.MetadataToken))
            {
                if (seen.Add(property.Name) && IsInit(property))
                {
                    yield return property;
                }
            }
        }
    }

    private static bool IsInit(PropertyInfo property)
    {
        if (property.SetMethod is not { IsPublic: true } set)
        {
            return false;
        }

        return set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit))
            ? true
            : throw new ArgumentException(
                $"{property.DeclaringType!.Name}.{property.Name} can be set at any time; options are values: make it init.",
                nameof(property)
            );
    }

    /// <summary>A key, or a record whose keys stand on the same level.</summary>
    internal readonly record struct Member(PropertyInfo Property, OptionProperty? Option, OptionSchema? Flattened)
    {
        public static Member Of(PropertyInfo property) =>
            property.IsDefined(typeof(FlattenAttribute))
                ? new(property, null, OptionSchema.Of(property.PropertyType))
                : new(property, new OptionProperty(property), null);
    }
}
