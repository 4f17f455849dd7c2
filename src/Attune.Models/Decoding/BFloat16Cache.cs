using System.Numerics;
using System.Runtime.CompilerServices;
using Attune.Kernels;

namespace Attune.Models.Decoding;

/// <summary>
/// Attention over keys and values kept in bfloat16, two to a 32-bit word, so that a shift or a mask widens a whole vector of them. Keys:
/// blocks of 16 tokens, [pairs][16], a word holding two neighbouring numbers of one token. Values: for each token words of 32 numbers
/// each, word i holding numbers i and i + 16.
/// </summary>
internal static unsafe class BFloat16Cache
{
    /// <summary>Numbers of a value in 16 words.</summary>
    internal const int Chunk = 32;

    private const int Block = KeyValueCache.Block;
    private const uint Upper = 0xFFFF_0000;

    internal static int KeyWords(int headWidth) => (headWidth + 1) / 2;

    internal static int ValueWords(int headWidth) => (headWidth + Chunk - 1) / Chunk * (Chunk / 2);

    /// <param name="keys">The token's block, at its column.</param>
    internal static void Store(float* key, float* value, int width, uint* keys, uint* values)
    {
        for (var i = 0; i < width; i += 2)
        {
            keys[i / 2 * Block] = Word(key[i], i + 1 < width ? key[i + 1] : 0);
        }

        for (var i = 0; i < ValueWords(width); i++)
        {
            var first = i / Block * Chunk + i % Block;
            values[i] = Word(first < width ? value[first] : 0, first + Block < width ? value[first + Block] : 0);
        }
    }

    /// <summary>16 scores: the query with one block of keys. Meanwhile the values of these tokens are fetched.</summary>
    internal static void Score(float* query, int width, uint* block, float* scores, float* values)
    {
        for (var lane = 0; lane < Block; lane += Vector<float>.Count)
        {
            Vector<float> even = default,
                odd = default;
            for (var i = 0; i < KeyWords(width); i++, values += RowKernels.CacheLine)
            {
                RowKernels.Prefetch(values);
                var words = Vector.Load(block + i * Block + lane);
                even = Vector.FusedMultiplyAdd(new Vector<float>(query[2 * i]), Low(words), even);
                // The partner of an odd last number is a zero in the cache.
                odd = Vector.FusedMultiplyAdd(new Vector<float>(2 * i + 1 < width ? query[2 * i + 1] : 0), High(words), odd);
            }

            (even + odd).Store(scores + lane);
        }
    }

    /// <summary>output = scale * sum of weights[t] * values[t]</summary>
    /// <param name="output">Room for the width rounded up to 32.</param>
    internal static void Mix(float* weights, float scale, uint* values, int count, int width, float* output, float* next)
    {
        var stride = ValueWords(width);
        var word = 0;
        while (word < stride)
        {
            word +=
                stride - word >= 2 * Vector<float>.Count
                    ? MixTwo(weights, scale, values + word, stride, count, output, word, next + word)
                    : MixOne(weights, scale, values + word, stride, count, output, word, next + word);
        }
    }

    private static int MixTwo(float* weights, float scale, uint* values, int stride, int count, float* output, int word, float* next)
    {
        var step = Vector<float>.Count;
        Vector<float> low0 = default,
            high0 = default,
            low1 = default,
            high1 = default;
        for (var t = 0; t < count; t++, values += stride, next += stride)
        {
            RowKernels.Prefetch(next);
            var weight = new Vector<float>(weights[t]);
            var (first, second) = (Vector.Load(values), Vector.Load(values + step));
            low0 = Vector.FusedMultiplyAdd(weight, Low(first), low0);
            high0 = Vector.FusedMultiplyAdd(weight, High(first), high0);
            low1 = Vector.FusedMultiplyAdd(weight, Low(second), low1);
            high1 = Vector.FusedMultiplyAdd(weight, High(second), high1);
        }

        Spread(low0 * scale, high0 * scale, output, word);
        Spread(low1 * scale, high1 * scale, output, word + step);
        return 2 * step;
    }

    private static int MixOne(float* weights, float scale, uint* values, int stride, int count, float* output, int word, float* next)
    {
        Vector<float> low = default,
            high = default;
        for (var t = 0; t < count; t++, values += stride, next += stride)
        {
            RowKernels.Prefetch(next);
            var weight = new Vector<float>(weights[t]);
            var words = Vector.Load(values);
            low = Vector.FusedMultiplyAdd(weight, Low(words), low);
            high = Vector.FusedMultiplyAdd(weight, High(words), high);
        }

        Spread(low * scale, high * scale, output, word);
        return Vector<float>.Count;
    }

    private static void Spread(Vector<float> low, Vector<float> high, float* output, int word)
    {
        var target = output + word / Block * Chunk + word % Block;
        low.Store(target);
        high.Store(target + Block);
    }

    private static uint Word(float low, float high) => BFloat16.Round(low) | (uint)BFloat16.Round(high) << 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Low(Vector<uint> words) => Vector.AsVectorSingle(Vector.ShiftLeft(words, 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> High(Vector<uint> words) => Vector.AsVectorSingle(words & new Vector<uint>(Upper));
}
