using System.Collections.Immutable;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Attune.Core.Options;

namespace Attune.Recipes.Binding;

/// <summary>What an option can hold.</summary>
public abstract record OptionShape
{
    private OptionShape() { }

    /// <summary>An int, long, ulong or double.</summary>
    public sealed record Number(Type Type) : OptionShape
    {
        public bool IsWhole => Type != typeof(double);
    }

    /// <summary>true or false.</summary>
    public sealed record Switch : OptionShape;

    public sealed record Text : OptionShape;

    /// <summary>An enum; its values are written in kebab-case.</summary>
    public sealed record Word(Type Type) : OptionShape
    {
        public ImmutableArray<string> Names { get; } = [.. Enum.GetNames(Type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName)];

        public object? Read(string name) => Names.IndexOf(name) is var i && i >= 0 ? Enum.Parse(Type, Enum.GetNames(Type)[i]) : null;

        public string Write(object value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()!);
    }

    /// <summary>Another options record: a mapping of its keys.</summary>
    public sealed record Nested(Type Type) : OptionShape
    {
        public OptionSchema Schema => OptionSchema.Of(Type);
    }

    /// <summary>One case of an abstract record: its name, and a mapping of that case's keys.</summary>
    /// <param name="Record">The abstract record.</param>
    public sealed record Variant(Type Record) : OptionShape
    {
        /// <summary>Those that its attributes name, then those of its <see cref="IVariantSource"/>, which may become more.</summary>
        public ImmutableArray<OptionCase> Cases =>
            [
                .. Record.GetCustomAttributes<VariantAttribute>().Select(v => new OptionCase(v.Name, v.Record)),
                .. Record.GetCustomAttribute<VariantsFromAttribute>() is { } from
                    ? ((IVariantSource)Activator.CreateInstance(from.Source)!).CasesOf(Record)
                    : [],
            ];

        public IEnumerable<string> Names => Cases.Select(c => c.Key);
    }

    /// <summary>One case of an open hierarchy: a mapping of that case's keys, of which one chooses the case.</summary>
    public sealed record Keyed(CasesByKeyAttribute Registry) : OptionShape
    {
        public IReadOnlyList<OptionCase> Cases => Registry.Cases;

        public string Names => string.Join(", ", Cases.Select(c => c.Key));
    }

    /// <param name="Item">Of each item.</param>
    /// <param name="ItemType">As the property declares it.</param>
    public sealed record List(OptionShape Item, Type ItemType) : OptionShape;

    /// <summary>Names with a number each.</summary>
    public sealed record NumberMap : OptionShape;

    /// <summary>For messages, after "expected".</summary>
    public string Expected =>
        this switch
        {
            Number { IsWhole: true } => "a whole number",
            Number => "a number",
            Switch => "true or false",
            Text => "text",
            Word word => "one of " + string.Join(", ", word.Names),
            Nested => "a mapping of keys",
            Variant variant => "one of " + string.Join(", ", variant.Names),
            Keyed keyed => $"a mapping with one of {keyed.Names}",
            List { Item: Keyed keyed } => $"a list of mappings, each with one of {keyed.Names}",
            List => "a list such as [a, b]",
            NumberMap => "a mapping of names to numbers",
            _ => throw new UnreachableException(),
        };

    /// <summary>For help texts, after the option's name.</summary>
    public string TypeHint =>
        this switch
        {
            Number { IsWhole: true } => "INT",
            Number => "NUMBER",
            Switch => "true|false",
            Text => "TEXT",
            Word word => string.Join('|', word.Names),
            List { Item: Number or Text or Word } list => list.Item.TypeHint + ",...",
            _ => "YAML",
        };

    /// <summary>The shape of a property's type, null where options cannot hold it.</summary>
    internal static OptionShape? Of(Type type)
    {
        if (type == typeof(int) || type == typeof(long) || type == typeof(ulong) || type == typeof(double))
        {
            return new Number(type);
        }

        if (type == typeof(bool))
        {
            return new Switch();
        }

        if (type == typeof(string))
        {
            return new Text();
        }

        if (type.IsEnum)
        {
            return new Word(type);
        }

        if (type.IsAssignableFrom(typeof(ImmutableSortedDictionary<string, double>)) && type != typeof(object))
        {
            return new NumberMap();
        }

        if (
            type.IsGenericType
            && (type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) || type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        )
        {
            var item = type.GetGenericArguments()[0];
            return Of(item) is { } shape and not List ? new List(shape, item) : null;
        }

        return OfRecord(type);
    }

    private static OptionShape? OfRecord(Type type) =>
        type.IsDefined(typeof(VariantAttribute), inherit: false) || type.IsDefined(typeof(VariantsFromAttribute), inherit: false)
            ? new Variant(type)
        : type.GetCustomAttribute<CasesByKeyAttribute>(inherit: false) is { } registry ? new Keyed(registry)
        : OptionSchema.IsOptionsRecord(type) ? new Nested(type)
        : null;
}
