namespace Attune.Core.Options;

/// <summary>One case of an options record that has several: the key that chooses it, and its record.</summary>
/// <param name="Key">In snake_case; a required property of the record has this name.</param>
/// <param name="Record">A concrete options record derived from the base that has the cases.</param>
public sealed record OptionCase(string Key, Type Record);
