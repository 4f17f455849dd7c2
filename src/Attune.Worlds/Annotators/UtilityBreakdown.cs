using System.Collections.Immutable;

namespace Attune.Worlds.Annotators;

/// <summary>One reason for a utility.</summary>
/// <param name="Value">What was read from the answer, before weighing.</param>
public readonly record struct UtilityComponent(string Name, double Weight, double Value)
{
    public double Contribution => Weight * Value;
}

/// <summary>A utility and the reasons it is the sum of.</summary>
public sealed record UtilityBreakdown(ImmutableArray<UtilityComponent> Components)
{
    public double Total => Components.Sum(c => c.Contribution);

    /// <summary>The contribution of one component; 0 where there is none of that name.</summary>
    public double this[string name] => Components.Where(c => c.Name == name).Sum(c => c.Contribution);

    public bool Equals(UtilityBreakdown? other) => other is not null && Components.SequenceEqual(other.Components);

    public override int GetHashCode() => Components.Aggregate(17, HashCode.Combine);
}
