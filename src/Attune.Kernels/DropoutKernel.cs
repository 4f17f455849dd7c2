namespace Attune.Kernels;

/// <summary>
/// Dropout (Srivastava et al. 2014) by counting: what happens to a number depends on the seed and its place alone, so that a mask can be
/// made again.
/// </summary>
public static unsafe class DropoutKernel
{
    private const int Grain = 1 << 14;

    /// <summary>Writes 0 with the probability <paramref name="dropout"/>, else 1 / (1 - dropout).</summary>
    public static void Mask(ulong seed, float* target, long count, double dropout)
    {
        var (kept, limit) = ((float)(1 / (1 - dropout)), (ulong)(dropout * (1UL << 53)));
        ParallelLoop.For(
            (int)((count + Grain - 1) / Grain),
            count,
            part =>
            {
                for (var i = (long)part * Grain; i < Math.Min(count, (part + 1L) * Grain); i++)
                {
                    target[i] = Bits(seed, (ulong)i) >> 11 < limit ? 0 : kept;
                }
            }
        );
    }

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood 2014) over seed and place.</summary>
    private static ulong Bits(ulong seed, ulong place)
    {
        var z = seed + place * 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
