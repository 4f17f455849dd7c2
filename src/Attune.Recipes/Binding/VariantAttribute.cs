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
