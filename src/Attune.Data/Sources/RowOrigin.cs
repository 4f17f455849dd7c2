using System.Collections.Immutable;

namespace Attune.Data.Sources;

/// <summary>The file a row comes from.</summary>
/// <param name="Unit">What the row's number counts, for messages: line or row.</param>
/// <param name="Texts">Whether all values are texts, as in CSV: numbers, flags and lists are read from their spelling.</param>
public sealed record RowOrigin(string Path, string Unit = "line", bool Texts = false)
{
    /// <summary>Of columns whose numbers stand for classes, the classes' names by number.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Classes { get; init; } =
        ImmutableDictionary<string, ImmutableArray<string>>.Empty;
}
