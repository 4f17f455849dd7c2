using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Attune.Kernels;
using Attune.Models.Configuration;

namespace Attune.Models.Decoding;

/// <summary>What is done to one row at a time: norms, rotation, attention of one head.</summary>
internal static unsafe class RowKernels
{
    internal static void Scale(float* row, int width, float factor)
    {
        for (var i = 0; i < width && factor != 1; i++)
        {
            row[i] *= factor;
        }
    }

    /// <summary>target = norm(source), which may be the same.</summary>
    internal static void Normalize(TransformerConfig config, int width, float* source, float* target, PackedNorm norm)
    {
        var scale = norm.Scale.Start;
        var shift = norm.Shift.Start;
        var mean = config.Norm == NormKind.LayerNorm ? Sum(source, width, 0, Power.First) / width : 0;
        var variance = Sum(source, width, mean, Power.Second) / width;
        var inverse = (float)(1 / Math.Sqrt(variance + config.NormEpsilon));
        var whole = width - width % Vector<float>.Count;
        var (means, inverses) = (new Vector<float>(mean), new Vector<float>(inverse));
        for (var i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector
                .FusedMultiplyAdd((Vector.Load(source + i) - means) * inverses, Vector.Load(scale + i), Vector.Load(shift + i))
                .Store(target + i);
        }

        for (var i = whole; i < width; i++)
        {
            target[i] = MathF.FusedMultiplyAdd((source[i] - mean) * inverse, scale[i], shift[i]);
        }
    }

    /// <summary>Turns a head by the angles of its position, in place.</summary>
    internal static void Turn(float* head, int width, float* cosines, float* sines)
    {
        var half = width / 2;
        for (var i = 0; i < half; i++)
        {
            var (first, second) = (head[i], head[half + i]);
            head[i] = first * cosines[i] - second * sines[i];
            head[half + i] = second * cosines[i] + first * sines[i];
        }
    }

    /// <summary>Attention of one query to the tokens of a text from <paramref name="first"/> to before <paramref name="count"/>.</summary>
    /// <param name="first">Less than 0 is 0: a window longer than the text.</param>
    /// <param name="cache">Says how keys and values lie.</param>
    /// <param name="scores">Room for count numbers, rounded up to 16.</param>
    /// <param name="output">headWidth numbers, room for them rounded up to 32.</param>
    /// <param name="next">Keys that will be wanted after these.</param>
    internal static void Attend(
        float* query,
        int width,
        KeyValueCache cache,
        float* keys,
        float* values,
        int first,
        int count,
        float* scores,
        float* output,
        float* next
    )
    {
        var skipped = Math.Max(0, first) / KeyValueCache.Block * KeyValueCache.Block;
        (first, count) = (first - skipped, count - skipped);
        keys += (long)(skipped / KeyValueCache.Block) * cache.KeyBlock;
        values += (long)skipped * cache.ValueStride;
        var (isShort, stride) = (cache.Type == KernelType.BF16, cache.ValueStride);
        var padded = (count + KeyValueCache.Block - 1) / KeyValueCache.Block * KeyValueCache.Block;
        for (var start = 0; start < padded; start += KeyValueCache.Block, keys += cache.KeyBlock)
        {
            if (isShort)
            {
                BFloat16Cache.Score(query, width, (uint*)keys, scores + start, values + (long)start * stride);
            }
            else
            {
                Score(query, width, keys, scores + start, values + (long)start * stride);
            }
        }

        new Span<float>(scores + count, padded - count).Fill(float.NegativeInfinity);
        new Span<float>(scores, Math.Max(0, first)).Fill(float.NegativeInfinity);
        var scale = (float)(1 / Math.Sqrt(width));
        var total = VectorMath.ExpSum(scores, scores, padded, VectorMath.Max(scores, padded), scale);
        if (isShort)
        {
            BFloat16Cache.Mix(scores, 1 / total, (uint*)values, count, width, output, next);
        }
        else
        {
            Mix(scores, 1 / total, values, stride, count, width, output, next);
        }
    }

    /// <summary>16 scores: the query with one block of keys. Meanwhile the values of these tokens are fetched.</summary>
    private static void Score(float* query, int width, float* block, float* scores, float* values)
    {
        for (var lane = 0; lane < KeyValueCache.Block; lane += Vector<float>.Count)
        {
            Vector<float> even = default,
                odd = default;
            var i = 0;
            for (; i + 1 < width; i += 2, values += CacheLine)
            {
                Prefetch(values);
                even = Vector.FusedMultiplyAdd(new Vector<float>(query[i]), Vector.Load(block + i * KeyValueCache.Block + lane), even);
                odd = Vector.FusedMultiplyAdd(
                    new Vector<float>(query[i + 1]),
                    Vector.Load(block + (i + 1) * KeyValueCache.Block + lane),
                    odd
                );
            }

            if (i < width)
            {
                even = Vector.FusedMultiplyAdd(new Vector<float>(query[i]), Vector.Load(block + i * KeyValueCache.Block + lane), even);
            }

            (even + odd).Store(scores + lane);
        }
    }

    /// <summary>output = scale * sum of weights[t] * values[t]</summary>
    private static void Mix(float* weights, float scale, float* values, int stride, int count, int width, float* output, float* next)
    {
        var room = stackalloc float[4 * Vector<float>.Count];
        var column = 0;
        while (column < width)
        {
            var mixed =
                stride - column >= 4 * Vector<float>.Count
                    ? MixFour(weights, scale, values + column, stride, count, room, next + column)
                    : MixOne(weights, scale, values + column, stride, count, room, next + column);
            var kept = Math.Min(mixed, width - column);
            new ReadOnlySpan<float>(room, kept).CopyTo(new Span<float>(output + column, kept));
            column += mixed;
        }
    }

    private static int MixFour(float* weights, float scale, float* values, int stride, int count, float* target, float* next)
    {
        var step = Vector<float>.Count;
        Vector<float> s0 = default,
            s1 = default,
            s2 = default,
            s3 = default;
        for (var t = 0; t < count; t++, values += stride, next += stride)
        {
            Prefetch(next);
            Prefetch(next + CacheLine);
            var weight = new Vector<float>(weights[t]);
            s0 = Vector.FusedMultiplyAdd(weight, Vector.Load(values), s0);
            s1 = Vector.FusedMultiplyAdd(weight, Vector.Load(values + step), s1);
            s2 = Vector.FusedMultiplyAdd(weight, Vector.Load(values + 2 * step), s2);
            s3 = Vector.FusedMultiplyAdd(weight, Vector.Load(values + 3 * step), s3);
        }

        (s0 * scale).Store(target);
        (s1 * scale).Store(target + step);
        (s2 * scale).Store(target + 2 * step);
        (s3 * scale).Store(target + 3 * step);
        return 4 * step;
    }

    private static int MixOne(float* weights, float scale, float* values, int stride, int count, float* target, float* next)
    {
        var sum = Vector<float>.Zero;
        for (var t = 0; t < count; t++, values += stride, next += stride)
        {
            Prefetch(next);
            sum = Vector.FusedMultiplyAdd(new Vector<float>(weights[t]), Vector.Load(values), sum);
        }

        (sum * scale).Store(target);
        return Vector<float>.Count;
    }

    internal const int CacheLine = 16;

    /// <summary>The cache of many texts does not fit the processor's: without this, half the time of attention is waiting.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    private enum Power
    {
        First,
        Second,
    }

    /// <summary>Sum of (x - mean) or of its square.</summary>
    private static float Sum(float* values, int count, float mean, Power power)
    {
        var whole = count - count % Vector<float>.Count;
        var sum = Vector<float>.Zero;
        var means = new Vector<float>(mean);
        for (var i = 0; i < whole; i += Vector<float>.Count)
        {
            var difference = Vector.Load(values + i) - means;
            sum = power == Power.First ? sum + difference : Vector.FusedMultiplyAdd(difference, difference, sum);
        }

        var total = Vector.Sum(sum);
        for (var i = whole; i < count; i++)
        {
            var difference = values[i] - mean;
            total += power == Power.First ? difference : difference * difference;
        }

        return total;
    }
}
