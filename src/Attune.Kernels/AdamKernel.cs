using System.Numerics;
using System.Runtime.CompilerServices;

namespace Attune.Kernels;

/// <summary>Numbers of one AdamW step: p = (1 - decay) p - rate m / (sqrt(v) + epsilon), of a gradient scaled by clip.</summary>
public readonly record struct AdamNumbers(float Clip, float Rate, float Epsilon, float Decay, float Beta1, float Beta2);

/// <summary>How a stretch of numbers is stored: read as pairs of vectors in float32, written back rounded.</summary>
public unsafe interface IFlatStorage
{
    static abstract (Vector<float> Low, Vector<float> High) Load(void* start, long index);
    static abstract void Store(void* start, long index, Vector<float> low, Vector<float> high);
    static abstract float LoadOne(void* start, long index);
    static abstract void StoreOne(void* start, long index, float value);
}

/// <summary>As float32.</summary>
public readonly unsafe struct FlatFloat32 : IFlatStorage
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector<float> Low, Vector<float> High) Load(void* start, long index) =>
        (Vector.Load((float*)start + index), Vector.Load((float*)start + index + Vector<float>.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* start, long index, Vector<float> low, Vector<float> high)
    {
        low.Store((float*)start + index);
        high.Store((float*)start + index + Vector<float>.Count);
    }

    public static float LoadOne(void* start, long index) => ((float*)start)[index];

    public static void StoreOne(void* start, long index, float value) => ((float*)start)[index] = value;
}

/// <summary>As bfloat16: the upper half of a float32, rounded to nearest, ties to even.</summary>
public readonly unsafe struct FlatBFloat16 : IFlatStorage
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector<float> Low, Vector<float> High) Load(void* start, long index)
    {
        Vector.Widen(Vector.Load((ushort*)start + index), out var low, out var high);
        return (Vector.AsVectorSingle(low << 16), Vector.AsVectorSingle(high << 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* start, long index, Vector<float> low, Vector<float> high) =>
        Vector.Narrow(Rounded(Vector.AsVectorUInt32(low)), Rounded(Vector.AsVectorUInt32(high))).Store((ushort*)start + index);

    public static float LoadOne(void* start, long index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)start)[index] << 16);

    public static void StoreOne(void* start, long index, float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)start)[index] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Rounded(Vector<uint> bits) => (bits + new Vector<uint>(0x7FFF) + ((bits >> 16) & Vector<uint>.One)) >> 16;
}

/// <summary>
/// AdamW over a stretch of flat parameters in one pass: gradient, moments and master are each read and written once, the gradient
/// is left zero and the rounded weights, where there are some, are written beside the master.
/// </summary>
public static unsafe class AdamKernel
{
    /// <summary>The sum of squares, in float32 lanes over runs of 1024 and float64 beyond: exact enough for a norm.</summary>
    public static double Squares<TGradient>(void* gradients, long start, long count)
        where TGradient : struct, IFlatStorage
    {
        var sum = 0.0;
        var end = start + count;
        while (start < end)
        {
            var stop = Math.Min(end, start + 1024);
            var total = Vector<float>.Zero;
            for (; start + 2 * Vector<float>.Count <= stop; start += 2 * Vector<float>.Count)
            {
                var (low, high) = TGradient.Load(gradients, start);
                total = Vector.FusedMultiplyAdd(low, low, Vector.FusedMultiplyAdd(high, high, total));
            }

            sum += Vector.Sum(total);
            for (; start < stop; start++)
            {
                var one = TGradient.LoadOne(gradients, start);
                sum += one * one;
            }
        }

        return sum;
    }

    /// <param name="rounded">Of the type <typeparamref name="TRounded"/>; null where the master itself is computed with.</param>
    public static void Step<TGradient, TRounded>(
        float* master,
        void* gradients,
        float* first,
        float* second,
        void* rounded,
        long start,
        long count,
        AdamNumbers numbers
    )
        where TGradient : struct, IFlatStorage
        where TRounded : struct, IFlatStorage
    {
        var width = Vector<float>.Count;
        var lanes = new Lanes(numbers);
        var end = start + count;
        for (; start + 2 * width <= end; start += 2 * width)
        {
            var (low, high) = TGradient.Load(gradients, start);
            var newLow = lanes.Step(master + start, low, first + start, second + start);
            var newHigh = lanes.Step(master + start + width, high, first + start + width, second + start + width);
            TGradient.Store(gradients, start, Vector<float>.Zero, Vector<float>.Zero);
            if (rounded is not null)
            {
                TRounded.Store(rounded, start, newLow, newHigh);
            }
        }

        for (; start < end; start++)
        {
            var gradient = TGradient.LoadOne(gradients, start) * numbers.Clip;
            first[start] = numbers.Beta1 * first[start] + (1 - numbers.Beta1) * gradient;
            second[start] = numbers.Beta2 * second[start] + (1 - numbers.Beta2) * gradient * gradient;
            master[start] =
                (1 - numbers.Decay) * master[start] - numbers.Rate * first[start] / (MathF.Sqrt(second[start]) + numbers.Epsilon);
            TGradient.StoreOne(gradients, start, 0);
            if (rounded is not null)
            {
                TRounded.StoreOne(rounded, start, master[start]);
            }
        }
    }

    /// <summary>The step's numbers in every lane.</summary>
    private readonly struct Lanes(AdamNumbers n)
    {
        private readonly Vector<float> _clip = new(n.Clip),
            _rate = new(n.Rate),
            _epsilon = new(n.Epsilon),
            _keep = new(1 - n.Decay);
        private readonly Vector<float> _b1 = new(n.Beta1),
            _c1 = new(1 - n.Beta1),
            _b2 = new(n.Beta2),
            _c2 = new(1 - n.Beta2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Step(float* master, Vector<float> raw, float* first, float* second)
        {
            var gradient = raw * _clip;
            var m = _b1 * Vector.Load(first) + _c1 * gradient;
            var v = _b2 * Vector.Load(second) + _c2 * gradient * gradient;
            var p = _keep * Vector.Load(master) - _rate * m / (Vector.SquareRoot(v) + _epsilon);
            m.Store(first);
            v.Store(second);
            p.Store(master);
            return p;
        }
    }
}
