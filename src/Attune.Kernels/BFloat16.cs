using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>bfloat16: the upper half of a 32-bit float, rounded to nearest, ties to even. Not-a-numbers stay so.</summary>
public static unsafe class BFloat16
{
    private const uint NotANumber = 0x7FC0;
    private const uint JustBelowHalf = 0x7FFF;

    public static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? NotANumber : (bits + JustBelowHalf + ((bits >> 16) & 1)) >> 16);
    }

    public static float Widen(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>Rounds a row. It may be rounded in place: the result then takes the first half of the room.</summary>
    public static void Round(float* source, ushort* target, int count)
    {
        var width = Vector<float>.Count;
        var i = 0;
        for (; i + 2 * width <= count; i += 2 * width)
        {
            var (low, high) = (RoundedBits(Vector.Load(source + i)), RoundedBits(Vector.Load(source + i + width)));
            Vector.Narrow(low, high).Store(target + i);
        }

        for (; i < count; i++)
        {
            target[i] = Round(source[i]);
        }
    }

    /// <summary>Widens a row.</summary>
    public static void Widen(ushort* source, float* target, int count)
    {
        var width = Vector<float>.Count;
        var i = 0;
        for (; i + 2 * width <= count; i += 2 * width)
        {
            Vector.Widen(Vector.Load(source + i), out var low, out var high);
            Vector.AsVectorSingle(Vector.ShiftLeft(low, 16)).Store(target + i);
            Vector.AsVectorSingle(Vector.ShiftLeft(high, 16)).Store(target + i + width);
        }

        for (; i < count; i++)
        {
            target[i] = Widen(source[i]);
        }
    }

    /// <summary>Eight numbers, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Eight(ushort* from)
    {
        var halves = Vector128.Load(from);
        var words = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(halves).AsUInt32()
            : Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
        return (words << 16).AsSingle();
    }

    /// <summary>The rounded numbers in the lower halves of the words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<uint> RoundedBits(Vector512<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = (bits + Vector512.Create(JustBelowHalf) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
        return Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), rounded, Vector512.Create(NotANumber));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> RoundedBits(Vector<float> values)
    {
        var bits = Vector.AsVectorUInt32(values);
        var rounded = Vector.ShiftRightLogical(
            bits + new Vector<uint>(JustBelowHalf) + (Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One),
            16
        );
        return Vector.ConditionalSelect(Vector.AsVectorUInt32(Vector.Equals(values, values)), rounded, new Vector<uint>(NotANumber));
    }
}
