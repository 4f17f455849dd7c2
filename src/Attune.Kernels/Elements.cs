using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>
/// How numbers lie in memory: read and written sixteen at a time, computed with in float32. Where registers are narrower than 512 bits,
/// sixteen numbers are two or four of them.
/// </summary>
public unsafe interface IElement
{
    static abstract int Bytes { get; }

    /// <summary>Whether rows may end within sixteen numbers; where they do not, kernels need not look.</summary>
    static virtual bool IsRagged => false;

    static abstract Vector512<float> Load(void* start, long index);

    static abstract void Store(void* start, long index, Vector512<float> values);

    static abstract float LoadOne(void* start, long index);

    static abstract void StoreOne(void* start, long index, float value);
}

/// <summary>As float32.</summary>
public readonly unsafe struct Float32Element : IElement
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(void* start, long index) => Vector512.Load((float*)start + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* start, long index, Vector512<float> values) => values.Store((float*)start + index);

    public static float LoadOne(void* start, long index) => FlatFloat32.LoadOne(start, index);

    public static void StoreOne(void* start, long index, float value) => FlatFloat32.StoreOne(start, index, value);
}

/// <summary>As bfloat16, rounded to nearest, ties to even.</summary>
public readonly unsafe struct BFloat16Element : IElement
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(void* start, long index)
    {
        var from = (ushort*)start + index;
        return Avx512F.IsSupported
            ? (Avx512F.ConvertToVector512UInt32(Vector256.Load(from)) << 16).AsSingle()
            : Vector512.Create(BFloat16.Eight(from), BFloat16.Eight(from + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* start, long index, Vector512<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
        var halves = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(rounded)
            : Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
        halves.Store((ushort*)start + index);
    }

    public static float LoadOne(void* start, long index) => FlatBFloat16.LoadOne(start, index);

    public static void StoreOne(void* start, long index, float value) => FlatBFloat16.StoreOne(start, index, value);
}

/// <summary>Numbers in rows whose lengths need not be multiples of sixteen.</summary>
public readonly unsafe struct Ragged<T> : IElement
    where T : struct, IElement
{
    static int IElement.Bytes => T.Bytes;

    static bool IElement.IsRagged => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> IElement.Load(void* start, long index) => T.Load(start, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IElement.Store(void* start, long index, Vector512<float> values) => T.Store(start, index, values);

    static float IElement.LoadOne(void* start, long index) => T.LoadOne(start, index);

    static void IElement.StoreOne(void* start, long index, float value) => T.StoreOne(start, index, value);
}

/// <summary>Functions of sixteen numbers, as <see cref="VectorMath"/> has them for the machine's own width.</summary>
internal static class Vector512Math
{
    /// <summary>e to the x, with a relative error below 2e-7; 0 below -87.3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var bounded = Vector512.Max(Vector512.Min(x, Vector512.Create(88.3f)), Vector512.Create(-87.3f));
        // x = n ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts; then Taylor's series to the seventh power.
        var n = Vector512.Round(bounded * Vector512.Create(1.44269504f));
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), bounded);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var sum = Vector512.Create(1f / 5040);
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 720));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 120));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 24));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 6));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(0.5f));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512<float>.One);
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512<float>.One);
        // 2 to the n by its bits: n lies between -126 and 127.
        var power = Avx512F.IsSupported
            ? Avx512F.Scale(sum, n)
            : sum * ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-87.3f)), Vector512<float>.Zero, power);
    }

    /// <summary>1 / (1 + e^-x)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Logistic(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>The largest of the sixteen.</summary>
    public static float Largest(Vector512<float> values)
    {
        var eight = Vector256.Max(values.GetLower(), values.GetUpper());
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
