namespace Attune.Core.Options;

/// <summary>On a property that holds another options record: that record's keys stand on the same level as the owner's.</summary>
/// <remarks>
/// Options are composed of groups this way: a method's record holds its own keys and, for example, a group of training options, with
/// the method's defaults as the property's initial value.
/// </remarks>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FlattenAttribute : Attribute;
