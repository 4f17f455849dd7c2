namespace Attune.Core.Runs;

/// <summary>
/// The one source of chance. A seed is derived by name and numbers, never by call order, so any draw can be replayed
/// alone: <c>seed.For("rollout", round, index)</c> is the same number tomorrow and on another machine.
/// </summary>
public readonly record struct Seed(ulong Value)
{
    /// <summary>A child seed. FNV-1a over the name, then SplitMix64 over each number.</summary>
    public Seed For(string purpose, params ReadOnlySpan<long> address)
    {
        var hash = 14695981039346656037UL ^ Value;
        foreach (var character in purpose)
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        hash = Mix(hash);
        foreach (var part in address)
        {
            hash = Mix(hash ^ unchecked((ulong)part * 0x9E3779B97F4A7C15UL));
        }

        return new Seed(hash);
    }

    /// <summary>A generator that starts here.</summary>
    public Rng Rng() => new(Value);

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    internal static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

/// <summary>A small random generator (SplitMix64). Its whole state is one number, so it can be stored and resumed.</summary>
public sealed class Rng(ulong state)
{
    private ulong _state = state;

    public ulong NextBits()
    {
        var bits = Seed.Mix(_state);
        _state += 0x9E3779B97F4A7C15UL;
        return bits;
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="below"/>), without modulo bias worth naming (64-bit multiply-shift).</summary>
    public int NextInt(int below)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(below);
        return (int)Math.BigMul(NextBits(), (ulong)below, out _);
    }

    /// <summary>Standard normal, by Box and Muller.</summary>
    public double NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>A uniformly random permutation of 0..count-1 (Fisher and Yates).</summary>
    public int[] Permutation(int count)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            var j = NextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }

        return order;
    }
}
