using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>
/// Sixteen numbers of a row, or those that are left of it where T says that rows are ragged (<see cref="IElement.IsRagged"/>); the others
/// count as zeros.
/// </summary>
internal static unsafe class Part
{
    /// <param name="left">Numbers from the first to the row's end.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<T>(void* start, long index, long left)
        where T : struct, IElement =>
        !T.IsRagged || left >= 16 ? T.Load(start, index)
        : T.Bytes == sizeof(float) ? Some((float*)start + index, (int)left)
        : Copied<T>(start, index, (int)left);

    /// <summary>Of float32, in rows that are ragged where those of T are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Floats<T>(float* start, long left)
        where T : struct, IElement => !T.IsRagged || left >= 16 ? Vector512.Load(start) : Some(start, (int)left);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<T>(void* start, long index, long left, Vector512<float> values)
        where T : struct, IElement
    {
        if (!T.IsRagged || left >= 16)
        {
            T.Store(start, index, values);
        }
        else if (T.Bytes == sizeof(float))
        {
            StoreSome((float*)start + index, (int)left, values);
        }
        else
        {
            Spread<T>(start, index, (int)left, values);
        }
    }

    /// <summary>As <see cref="Floats"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFloats<T>(float* start, long left, Vector512<float> values)
        where T : struct, IElement
    {
        if (!T.IsRagged || left >= 16)
        {
            values.Store(start);
        }
        else
        {
            StoreSome(start, (int)left, values);
        }
    }

    /// <summary>The values, and zeros where nothing is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Only<T>(Vector512<float> values, long left)
        where T : struct, IElement =>
        !T.IsRagged || left >= 16 ? values : Vector512.ConditionalSelect(Mask((int)left), values, Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Mask(int left) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(left)).AsSingle();

    // Instructions with a mask, not calls: a call within a loop would make it keep all its sums in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Some(float* start, int left)
    {
        var mask = Mask(left);
        return Avx512F.IsSupported ? Avx512F.MaskLoad(start, mask, Vector512<float>.Zero)
            : Avx.IsSupported ? Vector512.Create(Avx.MaskLoad(start, mask.GetLower()), Avx.MaskLoad(start + 8, mask.GetUpper()))
            : Copied<Float32Element>(start, 0, left);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSome(float* start, int left, Vector512<float> values)
    {
        var mask = Mask(left);
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(start, mask, values);
        }
        else if (Avx.IsSupported)
        {
            Avx.MaskStore(start, mask.GetLower(), values.GetLower());
            Avx.MaskStore(start + 8, mask.GetUpper(), values.GetUpper());
        }
        else
        {
            Spread<Float32Element>(start, 0, left, values);
        }
    }

    private static Vector512<float> Copied<T>(void* start, long index, int left)
        where T : struct, IElement
    {
        var room = stackalloc float[16]; // of zeros
        for (var i = 0; i < left; i++)
        {
            room[i] = T.LoadOne(start, index + i);
        }

        return Vector512.Load(room);
    }

    private static void Spread<T>(void* start, long index, int left, Vector512<float> values)
        where T : struct, IElement
    {
        var room = stackalloc float[16];
        values.Store(room);
        for (var i = 0; i < left; i++)
        {
            T.StoreOne(start, index + i, room[i]);
        }
    }
}
