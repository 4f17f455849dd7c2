using System.Collections.Immutable;
using Attune.Core.Runs;

namespace Attune.Data.Order;

/// <summary>The order in which items are seen: a pure function of seed and epoch.</summary>
public static class Shuffle
{
    /// <summary>A permutation of 0..count-1, another one for each epoch.</summary>
    public static ImmutableArray<int> Order(Seed seed, long epoch, int count) => [.. seed.For("order", epoch).Rng().Permutation(count)];
}
