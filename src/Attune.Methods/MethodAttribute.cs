namespace Attune.Methods;

/// <summary>
/// A method's card, on its options record. Recipe key, command, help, title in reports, and the README's table are made from it, so
/// that nothing else has to list the method.
/// </summary>
/// <param name="key">In a recipe: <c>simpo</c>.</param>
/// <param name="name">As the literature writes it: <c>SimPO</c>.</param>
/// <param name="summary">What it does, in one line that begins with a verb in lower case and ends without a full stop.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class MethodAttribute(string key, string name, string summary) : Attribute
{
    public string Key { get; } = key;
    public string Name { get; } = name;
    public string Summary { get; } = summary;

    /// <summary>Authors, year and where it is found; null for a method without a paper of its own.</summary>
    public string? Paper { get; init; }

    /// <summary>A command line that works.</summary>
    public required string Example { get; init; }

    /// <summary>The command's name where the field has a shorter one than <see cref="Key"/>.</summary>
    public string? Command { get; init; }
}
