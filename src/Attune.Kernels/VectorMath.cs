using System.Numerics;
using System.Runtime.CompilerServices;

namespace Attune.Kernels;

/// <summary>Functions of 32-bit vectors of the machine's width.</summary>
public static unsafe class VectorMath
{
    /// <summary>Below this exp gives 0: the result would be less than the smallest normal number.</summary>
    private const float Lowest = -87.3f;
    private const float Highest = 88.3f;

    /// <summary>e to the x, with a relative error below 2e-7; 0 below -87.3 and at minus infinity, e^88.3 above 88.3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        var bounded = Vector.Max(Vector.Min(x, new Vector<float>(Highest)), new Vector<float>(Lowest));
        // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, so that r is exact to the last bit that matters.
        var n = Vector.Round(bounded * new Vector<float>(1.44269504f));
        var r = Vector.FusedMultiplyAdd(n, new Vector<float>(-0.693359375f), bounded);
        r = Vector.FusedMultiplyAdd(n, new Vector<float>(2.12194440e-4f), r);
        // Taylor's series to the seventh power: the rest is below 6e-9.
        var sum = new Vector<float>(1f / 5040);
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 720));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 120));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 24));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(1f / 6));
        sum = Vector.FusedMultiplyAdd(sum, r, new Vector<float>(0.5f));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector<float>.One);
        sum = Vector.FusedMultiplyAdd(sum, r, Vector<float>.One);
        var power = Vector.AsVectorSingle(Vector.ShiftLeft(Vector.ConvertToInt32(n) + new Vector<int>(127), 23));
        return Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(Lowest)), Vector<float>.Zero, sum * power);
    }

    /// <summary>x times the normal distribution function, by the tanh approximation (Hendrycks and Gimpel 2016).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Gelu(Vector<float> x)
    {
        // (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
        var inner = x * Vector.FusedMultiplyAdd(new Vector<float>(0.0713548163f), x * x, new Vector<float>(1.59576912f));
        return x / (Vector<float>.One + Exp(-inner));
    }

    /// <summary>x times the logistic function of x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Silu(Vector<float> x) => x / (Vector<float>.One + Exp(-x));

    /// <summary>target += other</summary>
    public static void Add(float* target, float* other, int count)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            (Vector.Load(target + i) + Vector.Load(other + i)).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] += other[i];
        }
    }

    /// <summary>The largest of the values.</summary>
    /// <param name="count">A multiple of 16.</param>
    public static float Max(float* values, int count)
    {
        var most = Vector.Load(values);
        for (var i = Vector<float>.Count; i < count; i += Vector<float>.Count)
        {
            most = Vector.Max(most, Vector.Load(values + i));
        }

        var result = most[0];
        for (var lane = 1; lane < Vector<float>.Count; lane++)
        {
            result = Math.Max(result, most[lane]);
        }

        return result;
    }

    /// <summary>target[i] = exp((values[i] - shift) * scale); returns their sum.</summary>
    /// <param name="count">A multiple of 16.</param>
    public static float ExpSum(float* values, float* target, int count, float shift, float scale)
    {
        var total = Vector<float>.Zero;
        var (shifts, scales) = (new Vector<float>(shift), new Vector<float>(scale));
        for (var i = 0; i < count; i += Vector<float>.Count)
        {
            var power = Exp((Vector.Load(values + i) - shifts) * scales);
            power.Store(target + i);
            total += power;
        }

        return Vector.Sum(total);
    }

    /// <summary>scale * values[index] - log(sum over i of exp(scale * values[i]))</summary>
    /// <param name="count">A multiple of 16.</param>
    public static float LogSoftmax(float* values, int count, int index, float scale)
    {
        const int Stretch = 256;
        var most = Max(values, count);
        var powers = stackalloc float[Stretch];
        var total = 0.0;
        for (var i = 0; i < count; i += Stretch)
        {
            total += ExpSum(values + i, powers, Math.Min(Stretch, count - i), most, scale);
        }

        return (float)((values[index] - most) * (double)scale - Math.Log(total));
    }
}
