namespace Attune.Recipes.Binding;

/// <summary>On a property that holds another options record: that record's keys stand on the same level as the owner's.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FlattenAttribute : Attribute;
