namespace Attune.Control.Environments;

/// <summary>
/// NumPy's <c>default_rng(seed)</c>, bit for bit: PCG64 (O'Neill 2014; 128-bit state, output XSL-RR) seeded by SeedSequence. Gymnasium's
/// environments draw from it, so a seed gives the same first states here as there.
/// </summary>
public sealed class NumpyRandom
{
    private const int PoolSize = 4;
    private const uint MixLeft = 0xca01f9dd;
    private const uint MixRight = 0x4973f715;
    private static readonly UInt128 Multiplier = new(2549297995355413924UL, 4865540595714422341UL);

    private readonly UInt128 _increment;
    private UInt128 _state;

    /// <param name="seed">Not negative, as NumPy wants it.</param>
    public NumpyRandom(long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        var words = StateOf(Pool((ulong)seed));
        _increment = (new UInt128(words[2], words[3]) << 1) | UInt128.One;
        Advance();
        _state += new UInt128(words[0], words[1]);
        Advance();
    }

    private NumpyRandom(UInt128 state, UInt128 increment) => (_state, _increment) = (state, increment);

    /// <summary>Numbers that <see cref="Save"/> gives.</summary>
    public const int SavedLength = 8;

    /// <summary>State and increment in words of 32 bits, which a double holds exactly.</summary>
    public double[] Save() => [.. Words(_state), .. Words(_increment)];

    public static NumpyRandom Restore(ReadOnlySpan<double> saved) => new(Number(saved[..4]), Number(saved[4..]));

    public ulong NextBits()
    {
        Advance();
        return ulong.RotateRight((ulong)(_state >> 64) ^ (ulong)_state, (int)(_state >> 122));
    }

    /// <summary>Uniform in [0, 1), 53 bits: <c>Generator.random()</c>.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary><c>Generator.uniform(low, high)</c>.</summary>
    public double Uniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>
    /// The first index at which the running sum of the probabilities exceeds a uniform draw: Gymnasium's <c>categorical_sample</c>.
    /// </summary>
    public int Categorical(ReadOnlySpan<double> probabilities)
    {
        var draw = NextDouble();
        var sum = 0.0;
        for (var i = 0; i < probabilities.Length; i++)
        {
            sum += probabilities[i];
            if (sum > draw)
            {
                return i;
            }
        }

        return 0; // as argmax over nothing true
    }

    private static IEnumerable<double> Words(UInt128 number) => Enumerable.Range(0, 4).Select(i => (double)(uint)(number >> (32 * i)));

    private static UInt128 Number(ReadOnlySpan<double> words)
    {
        var number = UInt128.Zero;
        for (var i = 0; i < words.Length; i++)
        {
            number |= (UInt128)(uint)words[i] << (32 * i);
        }

        return number;
    }

    private void Advance() => _state = _state * Multiplier + _increment;

    /// <summary>SeedSequence's pool: the seed's 32-bit words hashed, then each mixed into every other.</summary>
    private static uint[] Pool(ulong seed)
    {
        var hash = 0x43b0d7e5u;
        var pool = new uint[PoolSize];
        for (var i = 0; i < PoolSize; i++)
        {
            pool[i] = Hash(i < 2 ? (uint)(seed >> (32 * i)) : 0, ref hash, 0x931e8875);
        }

        for (var from = 0; from < PoolSize; from++)
        {
            for (var to = 0; to < PoolSize; to++)
            {
                if (from != to)
                {
                    var mixed = unchecked(MixLeft * pool[to] - MixRight * Hash(pool[from], ref hash, 0x931e8875));
                    pool[to] = mixed ^ (mixed >> 16);
                }
            }
        }

        return pool;
    }

    /// <summary>Four 64-bit words, the low half of each first.</summary>
    private static ulong[] StateOf(uint[] pool)
    {
        var hash = 0x8b51f9ddu;
        var words = new ulong[4];
        for (var i = 0; i < 2 * words.Length; i++)
        {
            words[i / 2] |= (ulong)Hash(pool[i % PoolSize], ref hash, 0x58f38ded) << (32 * (i % 2));
        }

        return words;
    }

    private static uint Hash(uint value, ref uint hash, uint multiplier)
    {
        unchecked
        {
            value ^= hash;
            hash *= multiplier;
            value *= hash;
            return value ^ (value >> 16);
        }
    }
}
