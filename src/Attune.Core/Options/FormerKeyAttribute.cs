namespace Attune.Core.Options;

/// <summary>On an option that was renamed: its former recipe key, which is then answered with the new one.</summary>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class FormerKeyAttribute(string key) : Attribute
{
    public string Key { get; } = key;
}
