namespace Attune.Models.Decoding;

/// <summary>Hoare's selection.</summary>
internal static class Selection
{
    /// <summary>Reorders distinct keys so that the <paramref name="count"/> largest come first, in any order. Linear time on average.</summary>
    internal static void LargestFirst(Span<ulong> keys, int count)
    {
        while (keys.Length > 1 && count > 0 && count < keys.Length)
        {
            var boundary = Partition(keys);
            if (count <= boundary)
            {
                keys = keys[..boundary];
            }
            else
            {
                keys = keys[boundary..];
                count -= boundary;
            }
        }
    }

    /// <summary>Splits the keys: all before the boundary are larger than all from it on. Both parts have at least one.</summary>
    private static int Partition(Span<ulong> keys)
    {
        var pivot = Median(keys[0], keys[keys.Length / 2], keys[^1]);
        var (left, right) = (-1, keys.Length);
        while (true)
        {
            do { left++; } while (keys[left] > pivot);
            do { right--; } while (keys[right] < pivot);
            if (left >= right)
            {
                return Math.Max(1, left);
            }

            (keys[left], keys[right]) = (keys[right], keys[left]);
        }
    }

    private static ulong Median(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
