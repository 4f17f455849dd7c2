using System.Collections.Immutable;
using Attune.Core.Runs;

namespace Attune.Data.Order;

/// <summary>
/// Batches as a pure function of progress. Items are drawn from one endless stream, epoch after epoch, each in its own order; a batch
/// may reach into the next epoch, so no item is left out.
/// </summary>
public static class Batches
{
    /// <summary>Indices of the next <paramref name="size"/> items after <see cref="Progress.Items"/> drawn ones.</summary>
    public static ImmutableArray<int> Next(Progress progress, int count, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        var batch = ImmutableArray.CreateBuilder<int>(size);
        var (epoch, at) = Math.DivRem(progress.Items, count);
        while (batch.Count < size)
        {
            var order = Shuffle.Order(progress.Seed, epoch, count);
            batch.AddRange(order.AsSpan((int)at, Math.Min(size - batch.Count, count - (int)at)));
            (epoch, at) = (epoch + 1, 0);
        }

        return batch.ToImmutable();
    }
}
