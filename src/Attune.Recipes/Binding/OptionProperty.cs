using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Attune.Core.Options;

namespace Attune.Recipes.Binding;

/// <summary>One key of an options record.</summary>
public sealed class OptionProperty
{
    internal OptionProperty(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType);
        Property = property;
        Shape =
            OptionShape.Of(type ?? property.PropertyType)
            ?? throw new ArgumentException(
                $"{property.DeclaringType!.Name}.{property.Name} has type {property.PropertyType.Name}, which options cannot "
                    + "hold; mark it [Flatten] or make it get-only.",
                nameof(property)
            );
        AllowsNull =
            type is not null
            || (
                !property.PropertyType.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable
            );
        IsRequired = property.IsDefined(typeof(RequiredMemberAttribute)) || property.IsDefined(typeof(RequiredAttribute));
        Range = NumberRange.Of(property.GetCustomAttribute<RangeAttribute>());
        Key = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        OptionName = "--" + JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);
        FormerKeys = [.. property.GetCustomAttributes<FormerKeyAttribute>().Select(f => f.Key)];
        Description = property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? "";
    }

    public PropertyInfo Property { get; }

    /// <summary>In a recipe: <c>kl_coefficient</c>.</summary>
    public string Key { get; }

    /// <summary>Keys that it had in earlier versions.</summary>
    public ImmutableArray<string> FormerKeys { get; }

    /// <summary>On the command line: <c>--kl-coefficient</c>.</summary>
    public string OptionName { get; }

    /// <summary>Empty where the property has none.</summary>
    public string Description { get; }

    public OptionShape Shape { get; }

    /// <summary>Whether <c>null</c> may be written.</summary>
    public bool AllowsNull { get; }

    /// <summary>Whether the key must be given.</summary>
    public bool IsRequired { get; }

    public NumberRange? Range { get; }
}
