using System.Collections.Immutable;
using Attune.Core.Runs;

namespace Attune.Data.Order;

/// <summary>The order in which items are seen, and which are seen where not all are: pure functions of the seed.</summary>
public static class Shuffle
{
    /// <summary>A permutation of 0..count-1, another one for each epoch.</summary>
    public static ImmutableArray<int> Order(Seed seed, long epoch, int count) => [.. seed.For("order", epoch).Rng().Permutation(count)];

    /// <summary>A sample without repetition, each item equally likely, in the order in which the items stand.</summary>
    /// <param name="size">Of the sample; all items where there are no more.</param>
    public static ImmutableArray<T> Sample<T>(ImmutableArray<T> items, int size, Seed seed) =>
        size >= items.Length ? items : [.. Order(seed.For("sample"), 0, items.Length).Take(size).Order().Select(i => items[i])];
}
