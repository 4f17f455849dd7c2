using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>
/// Reads row-major weights as the 32-bit words of a packed panel (a float, or two bfloat16 of neighbouring inputs) and turns them
/// 16 rows by 16 steps at a time, so that both memory streams are read and written in whole cache lines.
/// </summary>
internal readonly unsafe struct PackingTile(void* weights, KernelType given, KernelType wanted, int inputs)
{
    internal const int Side = 16;

    private readonly int _inputsPerStep = wanted == KernelType.F32 ? 1 : 2;

    /// <summary>Steps that fill whole tiles.</summary>
    internal int WholeSteps => inputs / (_inputsPerStep * Side) * Side;

    /// <summary>One word: the weights of a step in a row. An input beyond the last counts as zero.</summary>
    internal uint Word(int row, int step)
    {
        var first = (long)row * inputs + (long)step * _inputsPerStep;
        return wanted == KernelType.F32
            ? given == KernelType.F32
                ? ((uint*)weights)[first]
                : (uint)((ushort*)weights)[first] << 16
            : Rounded(first) | (step * 2 + 1 < inputs ? (uint)Rounded(first + 1) << 16 : 0);
    }

    /// <summary>Turns all whole tiles of 16 rows.</summary>
    /// <param name="target">[steps][64], at the column of the first row</param>
    internal void Transpose(int firstRow, float* target)
    {
        var room = stackalloc Vector512<float>[2 * Side + 1];
        var a = (Vector512<float>*)(((nint)room + 63) & ~(nint)63);
        var b = a + Side;
        for (var step = 0; step < WholeSteps; step += Side)
        {
            for (var row = 0; row < Side; row++)
            {
                a[row] = Words(firstRow + row, step);
            }

            Interleave(a, b);
            Collect(b, target + (long)step * PackedMatrix.Panel);
        }
    }

    private ushort Rounded(long index) => given == KernelType.F32 ? BFloat16.Round(((float*)weights)[index]) : ((ushort*)weights)[index];

    private Vector512<float> Words(int row, int step)
    {
        var first = (long)row * inputs + (long)step * _inputsPerStep;
        if (given == KernelType.F32)
        {
            var floats = (float*)weights + first;
            return wanted == KernelType.F32
                ? Vector512.Load(floats)
                : Vector512
                    .Narrow(BFloat16.RoundedBits(Vector512.Load(floats)), BFloat16.RoundedBits(Vector512.Load(floats + Side)))
                    .AsSingle();
        }

        var halves = (ushort*)weights + first;
        return wanted == KernelType.BF16
            ? Vector512.Load(halves).AsSingle()
            : (Avx512F.ConvertToVector512UInt32(Vector256.Load(halves)) << 16).AsSingle();
    }

    /// <summary>Afterwards quarter q of target[4g + j] holds words 4q + j of rows 4g to 4g + 3.</summary>
    private static void Interleave(Vector512<float>* rows, Vector512<float>* target)
    {
        for (var group = 0; group < Side; group += 4, rows += 4, target += 4)
        {
            var low = Avx512F.UnpackLow(rows[0], rows[1]).AsDouble();
            var high = Avx512F.UnpackHigh(rows[0], rows[1]).AsDouble();
            var nextLow = Avx512F.UnpackLow(rows[2], rows[3]).AsDouble();
            var nextHigh = Avx512F.UnpackHigh(rows[2], rows[3]).AsDouble();
            target[0] = Avx512F.UnpackLow(low, nextLow).AsSingle();
            target[1] = Avx512F.UnpackHigh(low, nextLow).AsSingle();
            target[2] = Avx512F.UnpackLow(high, nextHigh).AsSingle();
            target[3] = Avx512F.UnpackHigh(high, nextHigh).AsSingle();
        }
    }

    /// <summary>Gathers the four quarters of each word's 16 rows and stores them, a step apart.</summary>
    private static void Collect(Vector512<float>* parts, float* target)
    {
        const int Even = 0x88,
            Odd = 0xDD;
        for (var j = 0; j < 4; j++)
        {
            var lowEven = Avx512F.Shuffle4x128(parts[j], parts[4 + j], Even);
            var lowOdd = Avx512F.Shuffle4x128(parts[j], parts[4 + j], Odd);
            var highEven = Avx512F.Shuffle4x128(parts[8 + j], parts[12 + j], Even);
            var highOdd = Avx512F.Shuffle4x128(parts[8 + j], parts[12 + j], Odd);
            Avx512F.Shuffle4x128(lowEven, highEven, Even).Store(target + j * PackedMatrix.Panel);
            Avx512F.Shuffle4x128(lowOdd, highOdd, Even).Store(target + (4 + j) * PackedMatrix.Panel);
            Avx512F.Shuffle4x128(lowEven, highEven, Odd).Store(target + (8 + j) * PackedMatrix.Panel);
            Avx512F.Shuffle4x128(lowOdd, highOdd, Odd).Store(target + (12 + j) * PackedMatrix.Panel);
        }
    }
}
