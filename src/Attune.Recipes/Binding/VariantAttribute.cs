using Attune.Core.Options;

namespace Attune.Recipes.Binding;

/// <summary>
/// On an abstract record, once for each of its cases: the case's name in a recipe. A value is then written as a mapping of one key,
/// <c>sft: {epochs: 2}</c>, or as the bare name where the defaults will do.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class VariantAttribute(string name, Type record) : Attribute
{
    public string Name { get; } = name;
    public Type Record { get; } = record;
}

/// <summary>On an abstract record whose cases are not all known where it is written: who names the others.</summary>
/// <param name="source">An <see cref="IVariantSource"/> with a constructor without parameters.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class VariantsFromAttribute(Type source) : Attribute
{
    public Type Source { get; } = source;
}

/// <summary>Names cases of abstract records.</summary>
public interface IVariantSource
{
    /// <summary>The cases known at present.</summary>
    IEnumerable<OptionCase> CasesOf(Type record);
}
