namespace Attune.Models.Decoding;

/// <summary>Hoare's selection over candidate tokens, by count and by mass.</summary>
internal static class Selection
{
    /// <summary>
    /// Reorders distinct keys so that the <paramref name="count"/> largest come first, in any order. Linear time on average.
    /// </summary>
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

    /// <summary>
    /// Reorders distinct keys so that the fewest largest whose masses reach the given mass come first, in any order. Linear
    /// time on average, where sorting is not.
    /// </summary>
    /// <returns>How many they are, at least one.</returns>
    internal static int HeaviestFirst(Span<ulong> keys, double mass)
    {
        var taken = 0;
        while (keys.Length > 1)
        {
            var boundary = Partition(keys);
            var larger = Mass(keys[..boundary]);
            if (larger >= mass)
            {
                keys = keys[..boundary];
            }
            else
            {
                keys = keys[boundary..];
                taken += boundary;
                mass -= larger;
            }
        }

        return taken + 1;
    }

    /// <summary>A candidate as a sortable key: the power's bits, whose order is that of the powers, then the id, lower ids first.</summary>
    internal static ulong Key(float power, int token) =>
        ((ulong)BitConverter.SingleToUInt32Bits(power) << 32) | (uint.MaxValue - (uint)token);

    internal static float PowerOf(ulong key) => BitConverter.UInt32BitsToSingle((uint)(key >> 32));

    internal static int TokenOf(ulong key) => (int)(uint.MaxValue - (uint)key);

    internal static double Mass(ReadOnlySpan<ulong> keys)
    {
        var sum = 0.0;
        foreach (var key in keys)
        {
            sum += PowerOf(key);
        }

        return sum;
    }

    /// <summary>Splits the keys: all before the boundary are larger than all from it on. Both parts have at least one.</summary>
    private static int Partition(Span<ulong> keys)
    {
        var pivot = Median(keys[0], keys[keys.Length / 2], keys[^1]);
        var (left, right) = (-1, keys.Length);
        while (true)
        {
            do
            {
                left++;
            } while (keys[left] > pivot);
            do
            {
                right--;
            } while (keys[right] < pivot);
            if (left >= right)
            {
                return Math.Max(1, left);
            }

            (keys[left], keys[right]) = (keys[right], keys[left]);
        }
    }

    private static ulong Median(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
