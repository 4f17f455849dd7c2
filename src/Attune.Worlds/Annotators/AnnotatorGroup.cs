using System.Collections.Immutable;

namespace Attune.Worlds.Annotators;

/// <summary>Annotators who want something of their own.</summary>
/// <param name="Share">Relative size.</param>
public sealed record AnnotatorGroup(string Name, double Share = 1)
{
    /// <summary>Factors on components of the utility, by name; 1 where not named.</summary>
    public ImmutableDictionary<string, double> Emphasis { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>Utility this group sees in ten more words: above 0 likes long answers, below 0 short ones.</summary>
    public double LengthTaste { get; init; }
}
